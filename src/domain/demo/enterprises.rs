//! Enterprises of the demo city, each led by a resident, with 演示 in its name and a valid social credit code.

use super::dice::{Dice, days_before, years_before};
use super::names::{STREETS, TRADE_NAMES, TRADES};
use super::people::{DIVISION, Resident};
use crate::base::codes::{DivisionCode, OrganisationCode, Uscc};
use crate::base::error::ParseError;
use crate::base::time::Date;

/// One fictitious enterprise or individual business.
#[derive(Clone, Debug)]
pub struct Enterprise {
    /// The unified social credit code; its organisation code contains `DEM`.
    pub uscc: Uscc,
    /// The name, with 演示 in it.
    pub name: String,
    /// 类型: company or individual business.
    pub kind: &'static str,
    /// The legal representative, a place in [`super::DemoCity::residents`].
    pub representative: usize,
    /// When it was founded.
    pub established: Date,
    /// Registered capital in 万元; none for individual businesses.
    pub capital: Option<u32>,
    /// The address, of the demo road.
    pub address: String,
    /// The scope of business.
    pub scope: &'static str,
}

/// Founds so many enterprises; every fourth is an individual business.
pub(super) fn found(
    dice: &mut Dice,
    today: Date,
    residents: &[Resident],
    count: u32,
) -> Result<Vec<Enterprise>, ParseError> {
    let grown = |one: &&(usize, &Resident)| (26..=68).contains(&one.1.id.age_on(today));
    let leaders: Vec<_> = residents.iter().enumerate().collect();
    let leaders: Vec<_> = leaders.iter().filter(grown).map(|&(at, one)| (at, one.birth())).collect();
    let division = DivisionCode::parse(DIVISION)?;
    let mut enterprises = Vec::new();
    for number in 1..=count {
        let individual = number % 4 == 0;
        let (word, scope) = dice.pick(TRADES);
        let trade_name = dice.pick(TRADE_NAMES);
        let at = dice.between(0, u32::try_from(leaders.len()).unwrap_or_default().saturating_sub(1));
        let Some(&(representative, _)) = usize::try_from(at).ok().and_then(|at| leaders.get(at)) else {
            return Err(ParseError::new("demo_representative", "no resident is of an age to lead an enterprise"));
        };
        let organisation = OrganisationCode::build(&format!("MADEM{number:03}"))?;
        enterprises.push(Enterprise {
            uscc: Uscc::build(if individual { "92" } else { "91" }, &division, &organisation)?,
            name: name(individual, trade_name, word, number),
            kind: if individual { "个体工商户" } else { "有限责任公司（自然人投资或控股）" },
            representative,
            established: dice.day(years_before(today, 7), days_before(today, 60)),
            capital: (!individual).then(|| dice.between(1, 50) * 10),
            address: format!("湖南省长沙市望城区{}演示路{}号", dice.pick(STREETS), 600 + number),
            scope,
        });
    }
    Ok(enterprises)
}

/// A name that nobody else in the city has: the number stands in it.
fn name(individual: bool, trade_name: &str, word: &str, number: u32) -> String {
    if individual {
        format!("望城区演示{trade_name}{number}号{word}经营部")
    } else {
        format!("长沙望城演示{trade_name}{number}号{word}有限公司")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::super::people::settle;
    use super::*;

    #[test]
    fn enterprises_have_valid_codes_demo_names_and_a_grown_representative() {
        let today = date(2026, 11, 22);
        let mut dice = Dice::new("enterprises");
        let (residents, _) = settle(&mut dice, today, 100).unwrap();
        let enterprises = found(&mut dice, today, &residents, 60).unwrap();
        let codes: BTreeSet<_> = enterprises.iter().map(|one| one.uscc).collect();
        let names: BTreeSet<_> = enterprises.iter().map(|one| &one.name).collect();
        assert_eq!((codes.len(), names.len()), (60, 60));
        for one in &enterprises {
            assert_eq!(Uscc::parse(one.uscc.as_str()).unwrap().division(), DIVISION);
            assert!(one.name.contains("演示") && one.uscc.organisation().contains("DEM"));
            assert!(residents[one.representative].id.age_on(one.established) >= 18);
            assert_eq!(one.uscc.as_str().starts_with("92"), one.capital.is_none());
        }
    }
}
