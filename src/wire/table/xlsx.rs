//! XLSX: the first sheet of a workbook, cell by cell, so that a sheet that claims a million rows costs what it holds.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};

use super::{Builder, Fault, Table};

/// Reads the first sheet; its first row that is not empty names the columns.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let Some(sheet) = workbook.sheet_names().first().cloned() else { return Ok(Table::default()) };
    let mut cells = workbook.worksheet_cells_reader(&sheet).map_err(|error| unreadable(&error))?;
    let mut rows = Rows::default();
    while let Some(cell) = cells.next_cell().map_err(|error| unreadable(&error))? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        if !text.trim().is_empty() {
            rows.put(place(row).saturating_add(1), place(column), text)?;
        }
    }
    rows.finish()
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Gathers the cells of a row until the next one begins.
#[derive(Default)]
struct Rows {
    builder: Option<Builder>,
    line: usize,
    cells: BTreeMap<usize, String>,
}

impl Rows {
    fn put(&mut self, line: usize, column: usize, text: String) -> Result<(), Fault> {
        if line != self.line {
            self.close()?;
            self.line = line;
        }
        self.cells.insert(column, text);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let cells = std::mem::take(&mut self.cells);
        match &mut self.builder {
            Some(builder) => builder.cells(self.line, cells),
            None if cells.is_empty() => Ok(()),
            None => {
                let width = cells.keys().next_back().map_or(0, |last| last.saturating_add(1));
                let heading = (0..width.min(super::MOST_COLUMNS + 1))
                    .map(|column| cells.get(&column).cloned().unwrap_or_default());
                self.builder = Some(Builder::with_heading(heading.collect(), self.line)?);
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<Table, Fault> {
        self.close()?;
        Ok(self.builder.map(|builder| builder.table).unwrap_or_default())
    }
}

/// The text that a CSV file would have.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(float) => number(*float),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(time) => date(time),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number as people write it: no exponent, no fraction where it is whole.
pub(super) fn number(float: f64) -> String {
    format!("{float}")
}

/// `2026-03-01`, `2026-03-01 08:30:00` or `08:30:00`.
fn date(time: &ExcelDateTime) -> String {
    if !time.is_datetime() {
        return number(time.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    match (time.as_f64(), clock.as_str()) {
        (days, _) if (0.0..1.0).contains(&days) => clock,
        (_, "00:00:00") => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}

fn unreadable(error: &XlsxError) -> Fault {
    Fault::new(
        "xlsx_malformed",
        format!("无法读取该工作簿（{error}）。请在表格软件中另存为 .xlsx 或 .csv。"),
        format!("The workbook cannot be read ({error}). Save it again as .xlsx or .csv."),
    )
}
