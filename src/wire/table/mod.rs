//! Tables of rows, as agencies keep them: JSON, JSON lines, CSV (RFC 4180) and XLSX (ISO/IEC 29500).
//!
//! Whatever the file, a row is the same row: a map of texts by column, empty cells left out, numbers and dates as the
//! text that a CSV file would have; only JSON can bring truth values and lists. So a row that was issued from one kind of
//! file is recognised in another. What the columns mean is not known here. Nothing reads without bounds. A fault of one
//! row stays with that row; a fault of the file names what to do.

mod csv;
mod json;
mod xlsx;

use std::collections::BTreeSet;

use crate::base::bytes::hex;
use crate::base::jcs::canonicalize_object;
use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::crypto::digest::sha256;

/// Longest file, bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// Most rows of a file.
pub const MOST_ROWS: usize = 200_000;
/// Most columns.
pub const MOST_COLUMNS: usize = 256;
/// The column with a row's key.
pub const ROW_KEY: &str = "rowKey";
/// The columns before the row's own in a file of refused rows. Where a row has several reasons, each cell lists them.
pub const REASON_COLUMNS: [&str; 5] = ["row", "field", "code", "reasonZh", "reasonEn"];
/// Longest cell, characters: what a spreadsheet holds.
pub const LONGEST_CELL: usize = 32_767;

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An array of objects, or one object.
    Json,
    /// One object a line.
    JsonLines,
    /// Comma separated, the first row names the columns.
    Csv,
    /// The first sheet of a workbook, whose first row names the columns.
    Xlsx,
}

impl Format {
    /// The kind that a file's name says; `None` for every other.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            _ => None,
        }
    }
}

/// A table as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns in the order of the file; of JSON, in the order in which they appear.
    pub columns: Vec<String>,
    /// The rows that are not empty.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands: the line of the file, the row of the sheet, the place in the array; from 1.
    pub line: usize,
    /// Its cells that are not empty, by column.
    pub cells: Map,
    /// Why it is no row that could be used.
    pub fault: Option<Fault>,
}

/// What is wrong with a file or row, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The frozen code.
    pub code: &'static str,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: Label,
}

impl Fault {
    fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, line: None, message: Label::new(zh, en) }
    }

    fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }
}

/// Reads a file of a kind.
pub fn read(format: Format, bytes: &[u8]) -> Result<Table, Fault> {
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(Fault::new(
            "table_too_large",
            format!("文件超过 {most} MB，请分成几个文件。"),
            format!("The file is larger than {most} MB. Split it."),
        ));
    }
    let table = match format {
        Format::Json => json::read(bytes),
        Format::JsonLines => json::read_lines(bytes),
        Format::Csv => csv::read(bytes),
        Format::Xlsx => xlsx::read(bytes),
    }?;
    if table.rows.is_empty() {
        return Err(Fault::new("table_empty", "文件中没有数据行。", "The file holds no rows."));
    }
    Ok(table)
}

impl Table {
    /// Takes the columns out with which a file of refused rows begins.
    pub fn drop_reasons(&mut self) {
        let is_report = REASON_COLUMNS.iter().all(|name| self.columns.iter().any(|column| column == name));
        if !is_report {
            return;
        }
        self.columns.retain(|column| !REASON_COLUMNS.contains(&column.as_str()));
        for row in &mut self.rows {
            row.cells.retain(|column, _| !REASON_COLUMNS.contains(&column.as_str()));
        }
    }
}

/// What makes a row known again: its column `rowKey`, else the digest of its other cells.
pub fn row_key(cells: &Map) -> String {
    match cells.get(ROW_KEY).and_then(Value::as_str) {
        Some(key) => key.to_owned(),
        None => format!("row/{}", hex(&sha256(&canonicalize_object(cells)))),
    }
}

/// A table under construction.
#[derive(Default)]
struct Builder {
    table: Table,
    known: BTreeSet<String>,
}

impl Builder {
    /// A table whose heading stands in the given line.
    fn with_heading(heading: Vec<String>, line: usize) -> Result<Self, Fault> {
        let mut builder = Self::default();
        for name in heading {
            let name = name.trim().trim_start_matches('\u{feff}').to_owned();
            if !name.is_empty() && builder.known.contains(&name) {
                return Err(Fault::new(
                    "column_twice",
                    format!("标题行中“{name}”出现两次，请保留一栏。"),
                    format!("The heading names {name} twice. Keep one column."),
                )
                .at(line));
            }
            builder.column(&name)?;
        }
        Ok(builder)
    }

    fn column(&mut self, name: &str) -> Result<(), Fault> {
        if self.table.columns.len() >= MOST_COLUMNS {
            return Err(Fault::new(
                "too_many_columns",
                format!("列数超过 {MOST_COLUMNS}，请删除多余的列。"),
                format!("More than {MOST_COLUMNS} columns. Remove those that are not needed."),
            ));
        }
        self.known.insert(name.to_owned());
        self.table.columns.push(name.to_owned());
        Ok(())
    }

    /// Adds the cells below the heading; an empty row is passed over.
    fn cells(&mut self, line: usize, cells: impl IntoIterator<Item = (usize, String)>) -> Result<(), Fault> {
        let mut row = Row { line, cells: Map::new(), fault: None };
        for (place, text) in cells {
            if text.trim().is_empty() {
                continue;
            }
            match self.table.columns.get(place).filter(|name| !name.is_empty()) {
                Some(name) => row.put(name, text.into()),
                None => row.blame(Fault::new(
                    "cell_without_column",
                    format!("第 {} 栏有内容，但标题行没有此栏名称。请核对逗号与引号。", place + 1),
                    format!("Cell {} has no heading above it. Check commas and quotes.", place + 1),
                )),
            }
        }
        if row.cells.is_empty() && row.fault.is_none() {
            return Ok(());
        }
        self.row(row)
    }

    /// Adds a JSON object as a row.
    fn object(&mut self, line: usize, object: Map) -> Result<(), Fault> {
        let mut row = Row { line, cells: Map::new(), fault: None };
        for (name, value) in object {
            if !self.known.contains(&name) {
                self.column(&name)?;
            }
            if let Some(value) = json::cell(value) {
                row.put(&name, value);
            }
        }
        self.row(row)
    }

    fn row(&mut self, row: Row) -> Result<(), Fault> {
        if self.table.rows.len() >= MOST_ROWS {
            return Err(Fault::new(
                "too_many_rows",
                format!("超过 {MOST_ROWS} 行，请分成几个文件。"),
                format!("More than {MOST_ROWS} rows. Split the file."),
            )
            .at(row.line));
        }
        self.table.rows.push(row);
        Ok(())
    }
}

impl Row {
    /// What makes the row known again; see [`row_key`].
    pub fn key(&self) -> String {
        row_key(&self.cells)
    }

    fn put(&mut self, name: &str, value: Value) {
        if value.as_str().is_some_and(|text| text.chars().count() > LONGEST_CELL) {
            let (zh, en) = ("内容过长（引号未成对？）。", "The cell is too long; is a quote not closed?");
            return self.blame(Fault::new("cell_too_long", format!("{name}：{zh}"), format!("{name}: {en}")));
        }
        self.cells.insert(name.to_owned(), value);
    }

    /// The first fault counts.
    fn blame(&mut self, fault: Fault) {
        let line = self.line;
        self.fault.get_or_insert_with(|| fault.at(line));
    }
}

#[cfg(test)]
mod tests;
