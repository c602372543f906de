//! `GENESIS`: what the database must at least contain. sled may open a damaged database as an empty one without a word;
//! a marker beside it, written after the data is durable, tells.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use super::disk::{failed, sync_directory};
use crate::domain::ports::StoreError;

const FIRST_LINE: &str = "certless store";

/// The text of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The random name of the store, hexadecimal.
    pub(super) instance: String,
    /// A version the database reached.
    pub(super) version: u64,
    /// A size the log reached.
    pub(super) log: u64,
}

impl Marker {
    /// Reads the marker; `None` when there is none, `Corrupt` when it cannot be understood.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, StoreError> {
        let path = dir.join("GENESIS");
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path, &error)),
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let mut lines = text.lines();
        let mut field = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).map(str::trim);
        let parsed = field(FIRST_LINE).and_then(|_| {
            let instance = field("instance ")?.to_owned();
            let version = field("version ")?.parse().ok()?;
            Some(Self { instance, version, log: field("log ")?.parse().ok()? })
        });
        parsed.ok_or_else(|| StoreError::Corrupt("GENESIS cannot be read".to_owned()))
    }

    /// Replaces the marker durably: a new file, synced, renamed, and the directory synced.
    pub(super) fn write(&self, dir: &Path) -> Result<(), StoreError> {
        let (new, path) = (dir.join("GENESIS.new"), dir.join("GENESIS"));
        let Self { instance, version, log } = self;
        let text = format!("{FIRST_LINE}\ninstance {instance}\nversion {version}\nlog {log}\n");
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        });
        written.map_err(|error| failed("write", &path, &error))?;
        sync_directory(dir)
    }

    /// Whether a database with these facts (`None`: an empty one) is the one the marker speaks of.
    pub(super) fn check(&self, found: Option<&Self>) -> Result<(), StoreError> {
        let wrong = |what: String| Err(StoreError::Corrupt(what));
        let Some(found) = found else {
            return wrong(format!("the database is empty, but it had reached version {}", self.version));
        };
        if found.instance != self.instance {
            return wrong("the database is that of another store".to_owned());
        }
        if found.version < self.version || found.log < self.log {
            let (had, has) = (self.version, found.version);
            return wrong(format!("the database went back: it had reached version {had} and is at {has}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(version: u64, log: u64) -> Marker {
        Marker { instance: "ab12".to_owned(), version, log }
    }

    #[test]
    fn a_marker_is_read_as_written() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Marker::read(dir.path()), Ok(None));
        marker(3, 2).write(dir.path()).unwrap();
        assert_eq!(Marker::read(dir.path()), Ok(Some(marker(3, 2))));
        fs::write(dir.path().join("GENESIS"), "certless store\ninstance ab\nversion x").unwrap();
        assert!(matches!(Marker::read(dir.path()), Err(StoreError::Corrupt(_))));
    }

    #[test]
    fn a_database_with_less_than_promised_is_refused() {
        assert_eq!(marker(3, 2).check(Some(&marker(3, 2))), Ok(()));
        assert_eq!(marker(3, 2).check(Some(&marker(9, 2))), Ok(()));
        assert!(marker(3, 2).check(Some(&marker(2, 2))).is_err());
        assert!(marker(3, 2).check(Some(&marker(3, 1))).is_err());
        assert!(marker(3, 2).check(None).is_err());
        let other = Marker { instance: "cd34".to_owned(), ..marker(9, 9) };
        assert!(marker(3, 2).check(Some(&other)).is_err());
    }
}
