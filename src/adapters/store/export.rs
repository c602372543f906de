//! The store as lines of JSON: for backups, for moving to another engine, and to be read by people.
//!
//! ```text
//! {"certlessStore":1,"schema":1,"instance":"…","version":812}
//! {"table":"credential","key":"R0EA…","version":12,"value":"eyJ…"}
//! {"end":true,"rows":5120,"sha256":"…"}
//! ```
//!
//! Keys and values are base64url. The digest covers every byte before the last line. Rows stand table by table, in the
//! order of their keys; nobody may be writing to these rows meanwhile.

use std::io::{self, Write};
use std::ops::Bound;

use super::SCHEMA;
use super::batch::VERSION_KEY;
use super::reads;
use super::rows::{Rows, Space, deframe};
use crate::base::bytes::{base64url, hex};
use crate::crypto::digest::Running;
use crate::domain::backup::Summary;
use crate::domain::ports::StoreError;

/// Writes every row; `Corrupt` at the first that is damaged or when `out` cannot be written to.
pub fn export<R: Rows>(rows: &R, instance: &str, out: impl Write) -> Result<Summary, StoreError> {
    let mut lines = Lines { out, digest: Running::default() };
    let version = reads::read_number(rows, Space::Meta, VERSION_KEY)?;
    let head = format!(r#"{{"certlessStore":1,"schema":{SCHEMA},"instance":"{instance}","version":{version}}}"#);
    lines.write(&head)?;
    let mut count = 0;
    for space in Space::all().filter(|space| *space != Space::Meta) {
        rows.walk(space, Bound::Unbounded, &mut |key, frame| {
            let (version, value) = deframe(space, key, frame)?;
            let (table, key, value) = (space.name(), base64url(key), base64url(value));
            count += 1;
            lines.write(&format!(r#"{{"table":"{table}","key":"{key}","version":{version},"value":"{value}"}}"#))?;
            Ok(true)
        })?;
    }
    let Lines { mut out, digest } = lines;
    let sha256 = hex(&digest.finish());
    let end = format!("{{\"end\":true,\"rows\":{count},\"sha256\":\"{sha256}\"}}\n");
    out.write_all(end.as_bytes()).and_then(|()| out.flush()).map_err(|error| unwritten(&error))?;
    Ok(Summary { instance: instance.to_owned(), version, rows: count, sha256 })
}

struct Lines<W> {
    out: W,
    digest: Running,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, line: &str) -> Result<(), StoreError> {
        for part in [line.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.out.write_all(part).map_err(|error| unwritten(&error))?;
        }
        Ok(())
    }
}

fn unwritten(error: &io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::StorageFull {
        return StoreError::Full;
    }
    StoreError::Refused(format!("the export cannot be written: {error}"))
}
