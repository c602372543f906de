//! The licences of homes and enterprises: ownership certificates, some with co-owners, and business licences.

use jiff::civil::date;

use super::HolderRef;
use super::dice::{Dice, days_after, years_after, years_before};
use super::enterprises::Enterprise;
use super::people::{Household, Resident};
use super::stock::Register;
use crate::base::error::ParseError;
use crate::base::json::json;
use crate::base::time::Date;

/// What a certificate says about its owners.
struct Title<'a> {
    owners: Vec<HolderRef>,
    form: &'a str,
    location: &'a str,
    usage: &'a str,
    remark: &'a str,
    registered: Date,
}

impl Register {
    /// The homes: nine of ten households own theirs, most couples together.
    pub(super) fn homes(
        &mut self,
        dice: &mut Dice,
        residents: &[Resident],
        households: &[Household],
    ) -> Result<(), ParseError> {
        for home in households {
            let Some(head) = home.members.first().and_then(|&at| residents.get(at)) else { continue };
            if !dice.percent(90) {
                continue;
            }
            let spouse = home.spouse.and_then(|at| residents.get(at));
            let mut owners = vec![head.holder()];
            let (form, remark) = match spouse {
                Some(spouse) if dice.percent(65) => {
                    owners.push(spouse.holder());
                    let shares = dice.percent(20);
                    if shares { ("按份共有", "演示数据；各占50%") } else { ("共同共有", "演示数据") }
                }
                _ => ("单独所有", "演示数据"),
            };
            let usage = "城镇住宅用地/住宅";
            self.title(dice, &Title { owners, form, location: &home.address, usage, remark, registered: home.since })?;
        }
        Ok(())
    }

    /// Business licences, and the premises that every third enterprise owns.
    pub(super) fn enterprises(
        &mut self,
        dice: &mut Dice,
        residents: &[Resident],
        enterprises: &[Enterprise],
    ) -> Result<(), ParseError> {
        for (at, one) in enterprises.iter().enumerate() {
            let Some(representative) = residents.get(one.representative) else { continue };
            let holder = HolderRef { name: one.name.clone(), code: one.uscc.to_string(), code_type: "001" };
            let approved = dice.day(one.established, self.today);
            let values = json!({
                "uscc": one.uscc.as_str(), "name": one.name, "enterpriseType": one.kind,
                "legalRep": representative.name, "registeredCapital": one.capital.map(|sum| sum.to_string()),
                "established": one.established.to_string(), "businessTerm": "长期", "address": one.address,
                "scope": one.scope, "authority": "望城区市场监督管理局（演示）",
                "approvalDate": approved.to_string(), "registrationStatus": "存续",
            });
            self.add(("SJ", "businessLicense"), one.uscc.as_str(), vec![holder.clone()], values)?;
            if at % 3 == 0 {
                let title = Title {
                    owners: vec![holder],
                    form: "单独所有",
                    location: &one.address,
                    usage: "商服用地/商业服务",
                    remark: "演示数据",
                    registered: days_after(one.established, 30).min(self.today),
                };
                self.title(dice, &title)?;
            }
        }
        Ok(())
    }

    fn title(&mut self, dice: &mut Dice, title: &Title<'_>) -> Result<(), ParseError> {
        let serial = self.next();
        let number = format!("湘({})望城区不动产权第{:07}号", title.registered.year(), 1_000_000 + serial);
        let area = format!("{}.{:02}", dice.between(62, 168), dice.between(0, 99));
        let start = dice.day(date(2000, 1, 1), years_before(title.registered, 1));
        let mut values = json!({
            "certNo": number, "coOwnership": title.form, "location": title.location,
            // Division, cadastral zone and sub-zone, parcel, building, unit.
            "unitNo": format!("430112{:03}{:03}GB{:05}F{serial:08}", 1, dice.between(1, 40), dice.between(1, 999)),
            "rightType": "国有建设用地使用权/房屋（构筑物）所有权", "rightNature": "市场化商品房",
            "usage": title.usage, "area": area,
            "usePeriod": format!("国有建设用地使用权{start}起{}止", years_after(start, 70)),
            "remark": title.remark, "registerDate": title.registered.to_string(),
        });
        for (at, owner) in (1..).zip(&title.owners) {
            if let Some(values) = values.as_object_mut() {
                values.insert(format!("rightHolder.{at}"), owner.name.as_str().into());
                values.insert(format!("certificateHolderCode.{at}"), owner.code.as_str().into());
            }
        }
        self.add(("ZR", "realEstate"), number.as_str(), title.owners.clone(), values)
    }
}
