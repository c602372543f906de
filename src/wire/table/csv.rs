//! CSV (RFC 4180): UTF-8 with or without byte order mark, UTF-16 with one, else GB 18030, as Chinese spreadsheets save it.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::{Builder, Fault, Table};

/// Reads a file; a row whose number of cells is not the heading's is a fault of that row.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
    let mut builder: Option<Builder> = None;
    while reader.read_record(&mut record).map_err(|error| unreadable(&error))? {
        let line = lines.reach(record.position().map_or(0, csv::Position::byte));
        let cells = record.iter().map(str::to_owned);
        let Some(builder) = &mut builder else {
            builder = Some(Builder::with_heading(cells.collect(), line)?);
            continue;
        };
        builder.cells(line, cells.enumerate())?;
        let expected = builder.table.columns.len();
        if record.len() < expected
            && let Some(row) = builder.table.rows.last_mut().filter(|row| row.line == line)
        {
            row.blame(Fault::new(
                "too_few_cells",
                format!("该行只有 {} 栏，标题行有 {expected} 栏。请核对逗号与引号。", record.len()),
                format!("The row has {} cells, the heading {expected}. Check commas and quotes.", record.len()),
            ));
        }
    }
    Ok(builder.map(|builder| builder.table).unwrap_or_default())
}

fn unreadable(error: &csv::Error) -> Fault {
    Fault::new("csv_malformed", format!("不是 CSV：{error}。"), format!("Not CSV: {error}."))
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let content = bytes.get(mark..).unwrap_or_default();
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(content);
    let decoded = match decoded {
        None if mark == 0 => GB18030.decode_without_bom_handling_and_without_replacement(content),
        decoded => decoded,
    };
    decoded.ok_or_else(|| {
        Fault::new(
            "table_encoding",
            "文字编码无法识别，请另存为 UTF-8 的 CSV。",
            "The text is neither UTF-8 nor GB 18030. Save the file as CSV in UTF-8.",
        )
    })
}

/// Counts lines up to a record, quoted line ends included.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line in which the record begins whose reading began at a byte.
    fn reach(&mut self, byte: u64) -> usize {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).max(self.byte);
        let blank = self.text.iter().skip(from).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begins = from.saturating_add(blank).min(self.text.len());
        let passed = self.text.get(self.byte..begins).unwrap_or_default();
        self.line += passed.split(|byte| *byte == b'\n').count() - 1;
        self.byte = begins;
        self.line
    }
}
