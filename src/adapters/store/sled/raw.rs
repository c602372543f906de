//! The engine without the store: what a group commit of bare rows costs, to measure the store against.

use std::path::Path;

use super::disk::{self, Barrier};
use super::open::try_open;
use super::{Options, Trees};
use crate::adapters::store::batch::Writes;
use crate::adapters::store::rows::Space;
use crate::domain::ports::StoreError;

/// A database that takes rows as they are. Not a store: what it writes cannot be opened as one.
pub struct Raw {
    trees: Trees,
    barrier: Barrier,
}

impl Raw {
    /// Makes an empty database in a directory; `Corrupt` when that fails.
    pub fn create(dir: &Path, options: &Options) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|error| disk::failed("make", dir, &error))?;
        let trees = try_open(dir, options)?;
        Ok(Self { trees, barrier: Barrier::open(dir)? })
    }

    /// Writes rows as one transaction and returns when they are on the disk.
    pub fn commit(&self, rows: impl IntoIterator<Item = (Space, Vec<u8>, Vec<u8>)>) -> Result<(), StoreError> {
        let mut writes = Writes::new();
        for (space, key, value) in rows {
            writes.entry(space).or_default().insert(key, Some(value));
        }
        self.trees.apply(writes)?;
        self.trees.flush()?;
        self.barrier.sync()
    }
}
