//! Households of the demo city: heads, spouses, children and parents with plausible ages.
//!
//! Identity numbers carry 430112, which became a division code on 2011-05-20: numbers with an earlier birth date were
//! never given out under it, and for later ones the sequence comes from 900–995.

use std::collections::BTreeSet;

use jiff::civil::date;

use super::dice::{Dice, days_after, days_before, years_after, years_before};
use super::names::{ETHNICITIES, FEMALE, MALE, STREETS, SURNAMES};
use crate::base::codes::{CitizenId, Sex};
use crate::base::error::ParseError;
use crate::base::time::Date;

/// The division of every number.
pub const DIVISION: &str = "430112";

/// One fictitious resident.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The citizen ID; birth date and sex follow from it.
    pub id: CitizenId,
    /// The name.
    pub name: String,
    /// GB/T 3304 code.
    pub ethnicity: &'static str,
    /// The place in [`super::DemoCity::households`].
    pub household: usize,
    /// The household's address, of the demo road.
    pub address: String,
    /// GB/T 4761 code: 02 head, 10 spouse, 20 son, 30 daughter, 51 father, 52 mother.
    pub relation: &'static str,
    /// GB/T 2261.2 code: 10 single, 20 married, 30 widowed.
    pub marital: &'static str,
}

impl Resident {
    /// The birth date.
    pub fn birth(&self) -> Date {
        self.id.birth_date()
    }

    /// The surname, of one or two characters.
    pub fn surname(&self) -> &str {
        SURNAMES.iter().find(|surname| self.name.starts_with(**surname)).copied().unwrap_or_default()
    }
}

/// One household; members are places in [`super::DemoCity::residents`].
#[derive(Clone, Debug)]
pub struct Household {
    /// The household number, nine digits.
    pub number: String,
    /// The address all members share.
    pub address: String,
    /// When the household was registered at the address.
    pub since: Date,
    /// All members, the head first.
    pub members: Vec<usize>,
    /// The head's spouse.
    pub spouse: Option<usize>,
    /// The couple's children.
    pub children: Vec<usize>,
    /// When the couple married.
    pub married: Option<Date>,
}

/// Settles so many households.
pub(super) fn settle(
    dice: &mut Dice,
    today: Date,
    households: u32,
) -> Result<(Vec<Resident>, Vec<Household>), ParseError> {
    let mut town = Town { today, residents: Vec::new(), households: Vec::new(), numbers: BTreeSet::new() };
    for number in 1..=households {
        town.household(dice, number)?;
    }
    Ok((town.residents, town.households))
}

struct Town {
    today: Date,
    residents: Vec<Resident>,
    households: Vec<Household>,
    numbers: BTreeSet<CitizenId>,
}

/// What is decided about a person before the number is.
struct Person {
    surname: String,
    sex: Sex,
    birth: Date,
    relation: &'static str,
    marital: &'static str,
}

impl Town {
    fn household(&mut self, dice: &mut Dice, number: u32) -> Result<(), ParseError> {
        let age = dice.between(24, 76);
        let birth = self.birthday(dice, age);
        let sex = if dice.percent(70) { Sex::Male } else { Sex::Female };
        let married = dice.percent(78).then(|| dice.day(years_after(birth, 23), years_after(birth, 33)));
        let married = married.filter(|&day| day < self.today);
        let address = address(dice, number);
        let since = dice.day(years_before(self.today, 12), days_before(self.today, 30));
        let home = Household {
            number: format!("{}", 430_000_000 + number),
            address,
            since,
            members: Vec::new(),
            spouse: None,
            children: Vec::new(),
            married,
        };
        self.households.push(home);
        let marital = if married.is_some() { "20" } else { "10" };
        let surname = dice.pick(SURNAMES).to_owned();
        let head = Person { surname, sex, birth, relation: "02", marital };
        let head = self.enter(dice, &head)?;
        if let Some(day) = married {
            self.spouse_and_children(dice, head, day)?;
        }
        if dice.percent(25) && age < 62 {
            self.parent(dice, head)?;
        }
        Ok(())
    }

    fn spouse_and_children(&mut self, dice: &mut Dice, head: usize, married: Date) -> Result<(), ParseError> {
        let Some((surname, sex, birth)) = self.told(head) else { return Ok(()) };
        // Born within two years of the head, and of age for marriage on the day (民法典 Art. 1047).
        let (other, of_age) = if sex == Sex::Male { (Sex::Female, 20) } else { (Sex::Male, 22) };
        let latest = years_after(birth, 2).min(years_before(married, of_age));
        let spouse = Person {
            surname: dice.pick(SURNAMES).to_owned(),
            sex: other,
            birth: dice.day(years_before(birth, 2), latest),
            relation: "10",
            marital: "20",
        };
        let spouse_surname = spouse.surname.clone();
        let spouse = self.enter(dice, &spouse)?;
        if let Some(home) = self.households.last_mut() {
            home.spouse = Some(spouse);
        }
        let surname = if sex == Sex::Male { surname } else { spouse_surname };
        let mut earliest = days_after(married, 300);
        for _ in 0..dice.pick(&[0_u32, 1, 1, 1, 2, 2]) {
            let latest = years_after(earliest, 4).min(days_before(self.today, 10));
            // Grown children have households of their own.
            if earliest >= latest || latest < years_before(self.today, 24) {
                break;
            }
            let birth = dice.day(earliest.max(years_before(self.today, 24)), latest);
            let (sex, relation) = if dice.percent(51) { (Sex::Male, "20") } else { (Sex::Female, "30") };
            let child = self.enter(dice, &Person { surname: surname.clone(), sex, birth, relation, marital: "10" })?;
            if let Some(home) = self.households.last_mut() {
                home.children.push(child);
            }
            earliest = days_after(birth, 500);
        }
        Ok(())
    }

    fn parent(&mut self, dice: &mut Dice, head: usize) -> Result<(), ParseError> {
        let Some((surname, _, birth)) = self.told(head) else { return Ok(()) };
        let father = dice.percent(40);
        let (sex, relation) = if father { (Sex::Male, "51") } else { (Sex::Female, "52") };
        let surname = if father { surname } else { dice.pick(SURNAMES).to_owned() };
        let birth = dice.day(years_before(birth, 32), years_before(birth, 23));
        self.enter(dice, &Person { surname, sex, birth, relation, marital: "30" })?;
        Ok(())
    }

    fn told(&self, at: usize) -> Option<(String, Sex, Date)> {
        self.residents.get(at).map(|one| (one.surname().to_owned(), one.id.sex(), one.birth()))
    }

    /// A birthday that gives this age today.
    fn birthday(&self, dice: &mut Dice, age: u32) -> Date {
        dice.day(days_after(years_before(self.today, age + 1), 1), years_before(self.today, age))
    }

    /// Makes the person a resident of the newest household.
    fn enter(&mut self, dice: &mut Dice, person: &Person) -> Result<usize, ParseError> {
        let id = self.number(dice, person.birth, person.sex)?;
        let at = self.residents.len();
        let household = self.households.len().saturating_sub(1);
        let name = self.name(dice, person);
        let Some(home) = self.households.last_mut() else {
            return Err(ParseError::new("demo_household", "a resident needs a household"));
        };
        home.members.push(at);
        self.residents.push(Resident {
            id,
            name,
            ethnicity: dice.pick(ETHNICITIES),
            household,
            address: home.address.clone(),
            relation: person.relation,
            marital: person.marital,
        });
        Ok(at)
    }

    /// A name nobody else in the household has.
    fn name(&self, dice: &mut Dice, person: &Person) -> String {
        let given = if person.sex == Sex::Male { MALE } else { FEMALE };
        let family = self.households.last().map_or(&[][..], |home| &home.members);
        loop {
            let second = if dice.percent(70) { dice.pick(given) } else { "" };
            let name = format!("{}{}{second}", person.surname, dice.pick(given));
            if family.iter().filter_map(|&at| self.residents.get(at)).all(|other| other.name != name) {
                return name;
            }
        }
    }

    /// A number nobody else in the city has.
    fn number(&mut self, dice: &mut Dice, birth: Date, sex: Sex) -> Result<CitizenId, ParseError> {
        let (low, high) = if birth < date(2011, 5, 20) { (1, 497) } else { (450, 497) };
        loop {
            let sequence = dice.between(low, high) * 2 + u32::from(sex == Sex::Male);
            let id = CitizenId::build(DIVISION, birth, u16::try_from(sequence).unwrap_or_default())?;
            if self.numbers.insert(id) {
                return Ok(id);
            }
        }
    }
}

/// A home on the demo road of one of the district's streets and towns.
fn address(dice: &mut Dice, number: u32) -> String {
    let street = dice.pick(STREETS);
    let (block, floor, door) = (dice.between(1, 28), dice.between(1, 18), dice.between(1, 4));
    format!("湖南省长沙市望城区{street}演示路{number}号{block}栋{floor}{door:02}室")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn town() -> (Vec<Resident>, Vec<Household>) {
        settle(&mut Dice::new("people"), date(2026, 11, 22), 300).unwrap()
    }

    #[test]
    fn numbers_are_unique_and_were_never_given_out() {
        let (residents, _) = town();
        let numbers: BTreeSet<_> = residents.iter().map(|one| one.id).collect();
        assert_eq!(numbers.len(), residents.len());
        for one in &residents {
            assert!(CitizenId::parse_on(one.id.as_str(), date(2026, 11, 22)).is_ok());
            let sequence: u16 = one.id.as_str()[14..17].parse().unwrap();
            assert!(one.birth() < date(2011, 5, 20) || (900..=995).contains(&sequence));
        }
    }

    #[test]
    fn families_are_plausible() {
        let (residents, households) = town();
        for home in &households {
            let head = &residents[home.members[0]];
            assert_eq!(head.relation, "02");
            assert_eq!(home.spouse.is_some(), home.married.is_some());
            for &child in &home.children {
                let (child, spouse) = (&residents[child], &residents[home.spouse.unwrap()]);
                for parent in [head, spouse] {
                    let age = parent.id.age_on(child.birth());
                    assert!((20..=48).contains(&age), "a parent of {age}");
                }
                assert!(home.married.unwrap() < child.birth());
                let father = if head.id.sex() == Sex::Male { head } else { spouse };
                assert_eq!(child.surname(), father.surname());
            }
            if let (Some(spouse), Some(day)) = (home.spouse, home.married) {
                for one in [head, &residents[spouse]] {
                    let least = if one.id.sex() == Sex::Male { 22 } else { 20 };
                    assert!(one.id.age_on(day) >= least, "{} married at {}", one.relation, one.id.age_on(day));
                }
                assert_ne!(head.id.sex(), residents[spouse].id.sex());
            }
            assert!(home.members.iter().all(|&at| residents[at].address == home.address));
        }
    }

    #[test]
    fn every_address_says_that_it_is_a_demo() {
        assert!(town().0.iter().all(|one| one.address.contains("演示")));
    }
}
