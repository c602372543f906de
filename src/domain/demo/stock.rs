//! The licences of persons and families: identity card, household register, social security card, driving licence,
//! disability certificate, proof of no criminal record, marriage and birth certificate.
//!
//! Running numbers begin high, so that what the agencies issue later does not meet them. Every licence is valid on the
//! city's day by the rule of its type.

use super::dice::{Dice, days_after, days_before, years_after, years_before};
use super::people::{Household, Resident};
use super::{HolderRef, StockRow};
use crate::base::codes::Sex;
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::base::time::Date;

/// What stands for no last day.
const PERMANENT: &str = "长期";
const POLICE: &str = "长沙市公安局望城分局（演示）";

/// The registers while they are being filled.
pub(super) struct Register {
    pub(super) today: Date,
    rows: Vec<StockRow>,
    number: u32,
}

impl Resident {
    /// The resident as a holder.
    pub(super) fn holder(&self) -> HolderRef {
        HolderRef { name: self.name.clone(), code: self.id.to_string(), code_type: "111" }
    }

    fn sex_code(&self) -> String {
        self.id.sex().code().to_string()
    }
}

impl Register {
    pub(super) fn new(today: Date) -> Self {
        Self { today, rows: Vec::new(), number: 100_000 }
    }

    pub(super) fn finish(self) -> Vec<StockRow> {
        self.rows
    }

    /// The next running number of the city, from 100001.
    pub(super) fn next(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// Adds a licence; a member that is null is left out.
    pub(super) fn add(
        &mut self,
        (agency, type_code): (&str, &str),
        row_key: impl Into<String>,
        holders: Vec<HolderRef>,
        values: Value,
    ) -> Result<(), ParseError> {
        let Value::Object(mut values) = values else {
            return Err(ParseError::new("demo_values", "the fields of a licence are an object"));
        };
        let empty: Vec<_> = values.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect();
        for name in empty {
            let _: Option<Value> = Map::remove(&mut values, &name);
        }
        self.rows.push(StockRow {
            agency: AgencyCode::parse(agency)?,
            type_code: TypeCode::parse(type_code)?,
            row_key: row_key.into(),
            holders,
            values,
        });
        Ok(())
    }

    /// The licences that one person holds alone.
    pub(super) fn persons(&mut self, dice: &mut Dice, residents: &[Resident]) -> Result<(), ParseError> {
        for one in residents {
            let age = one.id.age_on(self.today);
            self.identity_card(dice, one)?;
            self.social_security_card(dice, one)?;
            if (19..=69).contains(&age) && dice.percent(58) {
                self.driving_licence(dice, one)?;
            }
            if age >= 6 && dice.percent(6) {
                self.disability(dice, one)?;
            }
            if (18..=60).contains(&age) && dice.percent(22) {
                self.no_crime(dice, one)?;
            }
        }
        Ok(())
    }

    fn identity_card(&mut self, dice: &mut Dice, one: &Resident) -> Result<(), ParseError> {
        let first = days_after(one.birth(), 3).max(days_after(years_before(self.today, 5), 30));
        let from = dice.day(first, days_before(self.today, 1));
        let until = match one.id.age_on(from) {
            0..16 => Some(5),
            16..26 => Some(10),
            26..46 => Some(20),
            _ => None,
        };
        let until = until.map_or_else(|| PERMANENT.to_owned(), |years| years_after(from, years).to_string());
        let values = json!({
            "name": one.name, "sex": one.sex_code(), "ethnicity": one.ethnicity, "birthDate": one.birth().to_string(),
            "address": one.address, "idNumber": one.id.as_str(), "issuingAuthority": POLICE,
            "validFrom": from.to_string(), "validUntil": until,
        });
        self.add(("GA", "idCard"), one.id.as_str(), vec![one.holder()], values)
    }

    fn social_security_card(&mut self, dice: &mut Dice, one: &Resident) -> Result<(), ParseError> {
        let first = days_after(one.birth(), 3).max(days_after(years_before(self.today, 10), 30));
        let issued = dice.day(first, days_before(self.today, 1));
        let card = format!("A{:08}", 10_000_000 + self.next());
        let status = if dice.percent(97) { "正常" } else { "挂失" };
        let values = json!({
            "name": one.name, "ssn": one.id.as_str(), "cardNo": card, "issueDate": issued.to_string(),
            "validUntil": years_after(issued, 10).to_string(), "issuingCity": "430100",
            "bank": "演示银行望城支行", "cardStatus": status,
        });
        self.add(("RS", "socialSecurityCard"), card.as_str(), vec![one.holder()], values)
    }

    fn driving_licence(&mut self, dice: &mut Dice, one: &Resident) -> Result<(), ParseError> {
        let latest = years_before(self.today, 45).max(years_after(one.birth(), 18));
        let first = dice.day(latest, days_before(self.today, 10));
        let (second, third) = (years_after(first, 6), years_after(first, 16));
        // Six years, then ten, then without end (道路交通安全法实施条例 Art. 26).
        let (from, until) = if self.today < second {
            (first, second.to_string())
        } else if self.today < third {
            (second, third.to_string())
        } else {
            (third, PERMANENT.to_owned())
        };
        let state = if dice.percent(97) { "正常" } else { "违法未处理" };
        let values = json!({
            "licenceNo": one.id.as_str(), "name": one.name, "sex": one.sex_code(), "nationality": "中国",
            "address": one.address, "birthDate": one.birth().to_string(), "firstIssue": first.to_string(),
            "classes": dice.pick(&["C1", "C1", "C1", "C1", "C2", "C2", "C1D", "B2", "A2"]),
            "validFrom": from.to_string(), "validUntil": until, "fileNo": format!("430100{:06}", self.next()),
            "points": dice.pick(&[0, 0, 0, 0, 1, 3, 6]), "state": state,
        });
        self.add(("GA", "driverLicence"), one.id.as_str(), vec![one.holder()], values)
    }

    fn disability(&mut self, dice: &mut Dice, one: &Resident) -> Result<(), ParseError> {
        let first = years_after(one.birth(), 3).max(days_after(years_before(self.today, 10), 30));
        let issued = dice.day(first, days_before(self.today, 10));
        let (category, grade) = (dice.between(1, 7), dice.between(1, 4));
        let number = format!("{}{category}{grade}", one.id);
        let values = json!({
            "certNo": number, "name": one.name, "sex": one.sex_code(), "idNumber": one.id.as_str(),
            "category": category.to_string(), "grade": grade.to_string(), "address": one.address,
            "issueDate": issued.to_string(), "validUntil": years_after(issued, 10).to_string(),
            "approvingOrg": "望城区残疾人联合会（演示）",
        });
        self.add(("MZ", "disability"), number.as_str(), vec![one.holder()], values)
    }

    fn no_crime(&mut self, dice: &mut Dice, one: &Resident) -> Result<(), ParseError> {
        let issued = dice.day(days_before(self.today, 80), days_before(self.today, 1));
        let number = format!("望公(政)证字〔{}〕{}号", issued.year(), self.next());
        let values = json!({
            "docNo": number, "name": one.name, "idNumber": one.id.as_str(),
            "queryFrom": years_after(one.birth(), 14).to_string(), "queryUntil": issued.to_string(),
            "conclusion": "未发现有犯罪记录", "purpose": dice.pick(&["入职", "教师资格认定", "出国（境）", "落户"]),
            "authority": POLICE, "issueDate": issued.to_string(),
        });
        self.add(("GA", "noCrime"), number.as_str(), vec![one.holder()], values)
    }

    /// Household register pages, marriage and birth certificates.
    pub(super) fn families(
        &mut self,
        dice: &mut Dice,
        residents: &[Resident],
        households: &[Household],
    ) -> Result<(), ParseError> {
        for home in households {
            let members: Vec<_> = home.members.iter().filter_map(|&at| residents.get(at)).collect();
            let Some(&head) = members.first() else { continue };
            for &one in &members {
                self.household_page(home, head, one)?;
            }
            let spouse = home.spouse.and_then(|at| residents.get(at));
            let (Some(spouse), Some(day)) = (spouse, home.married) else { continue };
            let (husband, wife) = if head.id.sex() == Sex::Male { (head, spouse) } else { (spouse, head) };
            self.marriage(husband, wife, day)?;
            for child in home.children.iter().filter_map(|&at| residents.get(at)) {
                self.birth(dice, child, husband, wife)?;
            }
        }
        Ok(())
    }

    fn household_page(&mut self, home: &Household, head: &Resident, one: &Resident) -> Result<(), ParseError> {
        let values = json!({
            "householdType": "家庭户", "householdNo": home.number, "headName": head.name, "address": one.address,
            "memberName": one.name, "relationToHead": one.relation, "sex": one.sex_code(),
            "ethnicity": one.ethnicity, "nativePlace": "湖南省长沙市", "birthDate": one.birth().to_string(),
            "idNumber": one.id.as_str(), "marital": one.marital,
            "registerDate": home.since.max(days_after(one.birth(), 3)).to_string(),
        });
        let key = format!("{}-{}", home.number, one.id);
        self.add(("GA", "householdRegister"), key, vec![one.holder()], values)
    }

    fn marriage(&mut self, husband: &Resident, wife: &Resident, day: Date) -> Result<(), ParseError> {
        let number = format!("J430112-{}-{:06}", day.year(), self.next());
        let values = json!({
            "certNo": number, "registerDate": day.to_string(), "holderName.1": husband.name, "holderName.2": wife.name,
            "partyAName": husband.name, "partyANationality": "中国", "partyABirth": husband.birth().to_string(),
            "partyAId": husband.id.as_str(), "partyBName": wife.name, "partyBNationality": "中国",
            "partyBBirth": wife.birth().to_string(), "partyBId": wife.id.as_str(), "registrar": "演示登记员",
            "authority": "望城区民政局（演示）", "remark": "演示数据",
        });
        self.add(("MZ", "marriage"), number.as_str(), vec![husband.holder(), wife.holder()], values)
    }

    fn birth(
        &mut self,
        dice: &mut Dice,
        child: &Resident,
        father: &Resident,
        mother: &Resident,
    ) -> Result<(), ParseError> {
        // The seventh edition (letter V) came on 2023-04-01.
        let letter = if child.birth() < jiff::civil::date(2023, 4, 1) { 'U' } else { 'V' };
        let number = format!("{letter}43{:07}", 1_000_000 + self.next());
        let place = "湖南省长沙市望城区演示路1号";
        let father_known = dice.percent(97);
        let mut holders = vec![mother.holder()];
        holders.extend(father_known.then(|| father.holder()));
        let values = json!({
            "certNo": number, "babyName": child.name, "sex": child.sex_code(),
            "birthTime": format!("{}T{:02}:{:02}", child.birth(), dice.between(0, 23), dice.between(0, 59)),
            "gestationWeeks": dice.between(37, 41), "weight": dice.between(260, 400) * 10,
            "length": dice.between(47, 53), "birthPlace": place, "institution": "望城区演示妇幼保健院",
            "motherName": mother.name, "motherAge": mother.id.age_on(child.birth()), "motherNationality": "中国",
            "motherEthnicity": mother.ethnicity, "motherAddress": mother.address, "motherIdType": "111",
            "motherId": mother.id.as_str(), "fatherName": father_known.then_some(&father.name),
            "fatherId": father_known.then_some(father.id.as_str()), "issuingOrg": "望城区演示妇幼保健院",
            "issueDate": days_after(child.birth(), 3).to_string(),
        });
        self.add(("WJ", "birth"), number.as_str(), holders, values)
    }
}
