//! Reads an [export](super::export) line by line; nothing of it counts before its last line has been read and agrees.

use std::io::BufRead;

use super::SCHEMA;
use super::batch::{VERSION_KEY, Writes};
use super::memory::MemoryRows;
use super::rows::{Space, enframe};
use crate::base::bytes::{from_base64url, hex};
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::crypto::digest::Running;
use crate::domain::backup::Summary;
use crate::domain::change::{MAX_KEY, MAX_VALUE};
use crate::domain::ports::StoreError;

/// The key of the row that holds the schema version.
pub const SCHEMA_KEY: &[u8] = b"schema";
/// The key of the row that holds the random name of the store.
pub const INSTANCE_KEY: &[u8] = b"instance";
/// Longest line of an export, bytes.
const MAX_LINE: u64 = 1 << 20;
/// Rows handed on together.
const ROWS: usize = 2048;

/// Reads an export and hands its rows on in portions; `Refused`, naming the line, for anything that is not as written.
///
/// Portions are handed on before the end has been seen: the caller throws them away when this fails.
pub fn read(
    input: impl BufRead,
    take: &mut dyn FnMut(Writes) -> Result<(), StoreError>,
) -> Result<Summary, StoreError> {
    let mut reader = Reader { input, digest: Running::default(), line: 0 };
    let head = reader.next()?;
    if number(&head, "certlessStore") != Some(1) || !number(&head, "schema").is_some_and(is_known) {
        return Err(reader.refuse("not an export of a schema version that this program reads"));
    }
    let instance = text(&head, "instance").ok_or_else(|| reader.refuse("no instance"))?.to_owned();
    let version = number(&head, "version").ok_or_else(|| reader.refuse("no version"))?;
    let (mut rows, mut portion, mut before) = (0, Writes::new(), None);
    loop {
        let digest = reader.digest.clone();
        let line = reader.next()?;
        if line.contains_key("end") {
            let sha256 = hex(&digest.finish());
            reader.end(&line, rows, &sha256)?;
            take(portion)?;
            take(meta(&instance, version))?;
            return Ok(Summary { instance, version, rows, sha256 });
        }
        let (space, key, frame) = row(&line, version).ok_or_else(|| reader.refuse("not a row"))?;
        let place = (space, key.clone());
        if before.as_ref().is_some_and(|before| *before >= place) {
            return Err(reader.refuse("a row twice or out of order"));
        }
        before = Some(place);
        portion.entry(space).or_default().insert(key, Some(frame));
        rows += 1;
        if rows % ROWS as u64 == 0 {
            take(std::mem::take(&mut portion))?;
        }
    }
}

/// Reads an export into memory.
pub fn into_memory(input: impl BufRead) -> Result<(MemoryRows, Summary), StoreError> {
    let mut rows = MemoryRows::default();
    let summary = read(input, &mut |portion| {
        rows.apply(portion);
        Ok(())
    })?;
    Ok((rows, summary))
}

/// Whether this program reads a schema version.
pub fn is_known(schema: u64) -> bool {
    (1..=u64::from(SCHEMA)).contains(&schema)
}

/// The rows that make a store of this instance and version.
pub fn meta(instance: &str, version: u64) -> Writes {
    let schema = u64::from(SCHEMA).to_be_bytes();
    let last = version.to_be_bytes();
    let rows: [(&[u8], &[u8]); 3] = [(SCHEMA_KEY, &schema), (INSTANCE_KEY, instance.as_bytes()), (VERSION_KEY, &last)];
    let frame = |key: &[u8], value: &[u8]| Some(enframe(Space::Meta, key, version, value));
    let rows = rows.into_iter().map(|(key, value)| (key.to_vec(), frame(key, value))).collect();
    Writes::from([(Space::Meta, rows)])
}

fn row(line: &Map, last: u64) -> Option<(Space, Vec<u8>, Vec<u8>)> {
    let space = Space::from_name(text(line, "table")?).filter(|space| *space != Space::Meta)?;
    let key = from_base64url(text(line, "key")?).ok()?;
    let value = from_base64url(text(line, "value")?).ok()?;
    let version = number(line, "version")?;
    let fits = key.len() <= MAX_KEY && value.len() <= MAX_VALUE + 64 && version <= last && line.len() == 4;
    let frame = enframe(space, &key, version, &value);
    fits.then_some((space, key, frame))
}

fn text<'a>(line: &'a Map, name: &str) -> Option<&'a str> {
    line.get(name).and_then(Value::as_str)
}

fn number(line: &Map, name: &str) -> Option<u64> {
    line.get(name).and_then(Value::as_u64)
}

struct Reader<R> {
    input: R,
    digest: Running,
    line: u64,
}

impl<R: BufRead> Reader<R> {
    fn next(&mut self) -> Result<Map, StoreError> {
        self.line += 1;
        let mut line = Vec::new();
        let read = std::io::Read::take(&mut self.input, MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| self.refuse(&error.to_string()))?;
        let body = line.strip_suffix(b"\n").ok_or_else(|| self.refuse("the file ends here or the line is too long"))?;
        self.digest.update(&line);
        parse_object(body, &Limits::DEFAULT).map_err(|error| self.refuse(error.code))
    }

    fn end(&mut self, line: &Map, rows: u64, sha256: &str) -> Result<(), StoreError> {
        if number(line, "rows") != Some(rows) || text(line, "sha256") != Some(sha256) {
            return Err(self.refuse("rows are missing or were altered"));
        }
        match self.input.fill_buf() {
            Ok([]) => Ok(()),
            _ => Err(self.refuse("something follows the end")),
        }
    }

    fn refuse(&self, why: &str) -> StoreError {
        StoreError::Refused(format!("line {} of the export: {why}", self.line))
    }
}
