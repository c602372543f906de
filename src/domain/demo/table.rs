//! An agency's stock of one type as a CSV file (RFC 4180, UTF-8), as its own register would export it.
//!
//! Columns: `rowKey`, then the fields of the type in the order of the paper licence. What differs from holder to holder
//! has a column for each, with the holder's number: `rightHolder.1`; `certificateHolderCode.1` where no field has it.

use std::io;

use super::{DemoCity, StockRow};
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::Value;

/// The columns of the ten types, after `rowKey`.
const COLUMNS: &[(&str, &str)] = &[
    ("idCard", "name sex ethnicity birthDate address idNumber issuingAuthority validFrom validUntil"),
    (
        "householdRegister",
        "householdType householdNo headName address memberName relationToHead sex ethnicity nativePlace \
         birthDate idNumber marital registerDate",
    ),
    (
        "marriage",
        "certNo registerDate holderName.1 holderName.2 partyAName partyANationality partyABirth partyAId partyBName \
         partyBNationality partyBBirth partyBId registrar authority remark",
    ),
    (
        "birth",
        "certNo babyName sex birthTime gestationWeeks weight length birthPlace institution motherName \
         motherAge motherNationality motherEthnicity motherAddress motherIdType motherId fatherName fatherId \
         issuingOrg issueDate",
    ),
    (
        "realEstate",
        "certNo unitNo rightHolder.1 rightHolder.2 coOwnership location rightType rightNature usage area usePeriod remark \
         registerDate certificateHolderCode.1 certificateHolderCode.2",
    ),
    (
        "businessLicense",
        "uscc name enterpriseType legalRep registeredCapital established businessTerm address scope authority \
         approvalDate registrationStatus",
    ),
    ("socialSecurityCard", "name ssn cardNo issueDate validUntil issuingCity bank cardStatus"),
    ("disability", "certNo name sex idNumber category grade address issueDate validUntil approvingOrg"),
    (
        "driverLicence",
        "licenceNo name sex nationality address birthDate firstIssue classes validFrom validUntil fileNo \
         points state",
    ),
    ("noCrime", "docNo name idNumber queryFrom queryUntil conclusion purpose authority issueDate"),
];

/// The columns of a demo type, without `rowKey`; none for a type that the demo has no stock of.
pub fn columns(type_code: &TypeCode) -> Vec<&'static str> {
    let known = COLUMNS.iter().filter(|(code, _)| *code == type_code.as_str());
    known.flat_map(|(_, columns)| columns.split_whitespace()).collect()
}

impl DemoCity {
    /// The agencies' files: every agency and type with stock, once, in order.
    pub fn files(&self) -> Vec<(&AgencyCode, &TypeCode)> {
        let mut files: Vec<_> = self.stock.iter().map(|row| (&row.agency, &row.type_code)).collect();
        files.dedup();
        files
    }

    /// Writes one agency's stock of one type; fails as the writer does. Gives the number of rows below the heading.
    pub fn write_csv(&self, agency: &AgencyCode, type_code: &TypeCode, out: &mut dyn io::Write) -> io::Result<usize> {
        let columns = columns(type_code);
        line(out, std::iter::once("rowKey").chain(columns.iter().copied()).map(str::to_owned))?;
        let mut rows = 0;
        for row in self.stock_of(agency, type_code) {
            line(out, std::iter::once(row.row_key.clone()).chain(columns.iter().map(|column| row.cell(column))))?;
            rows += 1;
        }
        Ok(rows)
    }
}

impl StockRow {
    /// The text of one cell; empty for a field without value.
    pub fn cell(&self, column: &str) -> String {
        self.values.get(column).map(plain).unwrap_or_default()
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// One record; a cell with a comma, quote or line end is quoted.
fn line(out: &mut dyn io::Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    };
    let cells: Vec<_> = cells.map(quoted).collect();
    writeln!(out, "{}", cells.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_would_break_a_row_are_quoted() {
        let mut out = Vec::new();
        line(&mut out, ["a,b", "say \"x\"", "c", "l\n2"].map(str::to_owned).into_iter()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"a,b\",\"say \"\"x\"\"\",c,\"l\n2\"\n");
    }
}
