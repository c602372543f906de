//! Copying a log into a place that is served as it stands: what was added since the last time, the checkpoint last.

use super::follow::{consistent, head};
use super::{Fault, Files};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::tlog::checkpoint::{Checkpoint, Policy};
use crate::tlog::tile::{Tile, added};

/// Where files of a log are put.
pub trait Target {
    /// What stands at a path.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Puts a file at a path, whole or not at all.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Returns when everything written so far is there for good.
    fn settle(&mut self) -> Result<(), Error>;
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Leaves before.
    pub from: u64,
    /// Leaves now.
    pub to: u64,
    /// Files of hashes and entries that were written.
    pub files: u64,
}

/// Brings the copy of a log up to date; a fault, and nothing written, when the log does not go on from the copy.
///
/// Tiles and bundles, then the key, all of it for good, then the checkpoint. What a crash leaves is the earlier copy, with
/// files that nothing speaks of yet; they are written again the next time.
pub fn copy(
    files: &dyn Files,
    policy: &Policy,
    target: &mut dyn Target,
    tell: &dyn Fn(u64),
) -> Result<Result<Copied, Fault>, Error> {
    let new = match head(files, policy)? {
        Ok(new) => new,
        Err(fault) => return Ok(Err(fault)),
    };
    let old = match target.read("checkpoint")? {
        Some(note) => policy.open(&String::from_utf8_lossy(&note)).map(|accepted| accepted.checkpoint)?,
        None => Checkpoint { origin: policy.origin.clone(), size: 0, root: crate::tlog::merkle::empty_root() },
    };
    if let Err(fault) = consistent(files, &old, &new.checkpoint)? {
        return Ok(Err(fault));
    }
    let mut done = Copied { from: old.size, to: new.checkpoint.size, files: 0 };
    for tile in added(old.size, new.checkpoint.size) {
        let bytes = files.read(&tile.to_string(), "application/octet-stream")?;
        let bytes = bytes.ok_or_else(|| Error::not_found(format!("{tile} is missing")))?;
        target.write(&tile.to_string(), &bytes)?;
        done.files += 1;
        tell(done.files);
    }
    let good = policy.logs.iter().filter(|log| log.compromised_from.is_none());
    let keys = good.map(|log| log.key.to_string()).collect::<Vec<_>>().join("\n");
    target.write("key", format!("{keys}\n").as_bytes())?;
    target.settle()?;
    target.write("checkpoint", new.note.as_bytes())?;
    target.settle()?;
    Ok(Ok(done))
}

impl Files for City {
    fn read(&self, path: &str, _: &str) -> Result<Option<Vec<u8>>, Error> {
        match path {
            "checkpoint" => self.checkpoint().map(|note| Some(note.into_bytes())),
            "key" => Ok(Some(format!("{}\n", self.log_key()?).into_bytes())),
            path => self.log_tile(Tile::parse(path)?).map(Some),
        }
    }

    fn breadth(&self) -> usize {
        1
    }
}
