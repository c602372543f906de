//! The demo city: fictitious residents and enterprises, and the licences that nine agencies keep about them.
//!
//! Everything follows from a seed and a day, so that two runs give the same city. The same person has the same name,
//! number, address and birth date in every register. Nobody here is real: addresses lie on 演示路, enterprises carry
//! 演示 in their names, and identity numbers are such that they were not given out (see [`people`]). What it is not: a
//! store — rows are the agencies' own stock, to be issued like any other.
//!
//! Reading order: [`people`], [`enterprises`], `stock` (licences of persons), `property` (homes and enterprises'
//! licences), [`table`] (the CSV files).

mod dice;
pub mod enterprises;
mod names;
pub mod people;
mod property;
mod stock;
pub mod table;

use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::Map;
use crate::base::time::Date;

use dice::Dice;
pub use enterprises::Enterprise;
pub use people::{Household, Resident};

/// How many households a city has; about 1,300 residents live in them.
const HOUSEHOLDS: u32 = 520;
/// How many enterprises.
const ENTERPRISES: u32 = 64;

/// Everyone and everything.
#[derive(Clone, Debug)]
pub struct DemoCity {
    /// The residents, household by household, each head first.
    pub residents: Vec<Resident>,
    /// The households.
    pub households: Vec<Household>,
    /// The enterprises.
    pub enterprises: Vec<Enterprise>,
    /// Every licence of every agency, by agency and type.
    pub stock: Vec<StockRow>,
}

/// One licence as an agency's own register has it.
#[derive(Clone, Debug, PartialEq)]
pub struct StockRow {
    /// Whose register.
    pub agency: AgencyCode,
    /// The type.
    pub type_code: TypeCode,
    /// Unique within agency and type: the licence number, with the holder's code where a number has many holders.
    pub row_key: String,
    /// Who holds it; several hold jointly.
    pub holders: Vec<HolderRef>,
    /// The columns of the row: the type's fields; what differs from holder to holder has the holder's number behind it
    /// (`rightHolder.1`, `certificateHolderCode.1`), in the order of the holders.
    pub values: Map,
}

/// A holder of a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderRef {
    /// The name.
    pub name: String,
    /// The citizen ID or unified social credit code.
    pub code: String,
    /// 持证主体代码类型: `111` citizen ID, `001` USCC.
    pub code_type: &'static str,
}

/// The city that belongs to a seed, as it stands on a day.
pub fn city(seed: &str, today: Date) -> Result<DemoCity, ParseError> {
    let mut dice = Dice::new(seed);
    let (residents, households) = people::settle(&mut dice, today, HOUSEHOLDS)?;
    let enterprises = enterprises::found(&mut dice, today, &residents, ENTERPRISES)?;
    let mut rows = stock::Register::new(today);
    rows.persons(&mut dice, &residents)?;
    rows.families(&mut dice, &residents, &households)?;
    rows.homes(&mut dice, &residents, &households)?;
    rows.enterprises(&mut dice, &residents, &enterprises)?;
    let mut stock = rows.finish();
    stock.sort_by(|a, b| (&a.agency, &a.type_code, &a.row_key).cmp(&(&b.agency, &b.type_code, &b.row_key)));
    Ok(DemoCity { residents, households, enterprises, stock })
}

impl DemoCity {
    /// The stock of one agency's type.
    pub fn stock_of<'a>(
        &'a self,
        agency: &'a AgencyCode,
        type_code: &'a TypeCode,
    ) -> impl Iterator<Item = &'a StockRow> + 'a {
        self.stock.iter().filter(move |row| row.agency == *agency && row.type_code == *type_code)
    }
}

#[cfg(test)]
mod tests;
