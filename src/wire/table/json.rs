//! JSON: an array of objects, one object, or one object a line. UTF-8 (RFC 8259 §8.1), a byte order mark passed over.

use super::{Builder, Fault, MOST_BYTES, Table};
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, parse, parse_object};

const LIMITS: Limits = Limits { bytes: MOST_BYTES, depth: 16 };

/// Reads an array of objects or one object.
pub(super) fn read(bytes: &[u8]) -> Result<Table, Fault> {
    let document = parse(without_mark(bytes), &LIMITS).map_err(|error| malformed(&error))?;
    let items = match document {
        Value::Array(items) => items,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![document],
    };
    let mut builder = Builder::default();
    for (i, item) in items.into_iter().enumerate() {
        let Value::Object(object) = item else {
            let (zh, en) = ("应为 JSON 对象。", "Every row must be a JSON object.");
            return Err(Fault::new("row_not_object", zh, en).at(i + 1));
        };
        builder.object(i + 1, object)?;
    }
    Ok(builder.table)
}

/// Reads one object a line; a line that is none is a fault of that row.
pub(super) fn read_lines(bytes: &[u8]) -> Result<Table, Fault> {
    let mut builder = Builder::default();
    for (i, line) in without_mark(bytes).split(|byte| *byte == b'\n').enumerate() {
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match parse_object(text, &Limits { bytes: Limits::DEFAULT.bytes, ..LIMITS }) {
            Ok(object) => builder.object(i + 1, object)?,
            Err(error) => {
                let fault = Some(malformed(&error).at(i + 1));
                builder.row(super::Row { line: i + 1, cells: Map::new(), fault })?;
            }
        }
    }
    Ok(builder.table)
}

/// A cell as a CSV file would have it; lists, objects and truth values stay; `None` for an empty one.
pub(super) fn cell(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Number(number) => Some(match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (None, None, Some(float)) => super::xlsx::number(float).into(),
            _ => number.to_string().into(),
        }),
        Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Some(value),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn malformed(error: &ParseError) -> Fault {
    Fault::new(
        "json_malformed",
        format!("不是规范的 JSON（{}：{}），请核对。", error.code, error.detail),
        format!("Not well-formed JSON ({}: {}). Check it.", error.code, error.detail),
    )
}
