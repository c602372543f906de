//! A store made from an export: built beside its place, checked, and moved there whole.

use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::disk::{self, Barrier, failed};
use super::marker::Marker;
use super::open::try_open;
use super::{Options, SledStore, Trees};
use crate::adapters::store::{check, import};
use crate::domain::backup::Summary;
use crate::domain::ports::StoreError;

impl SledStore {
    /// Makes the store of an export in `dir`, which must be absent or empty; opening it is another step.
    ///
    /// `Refused` for a directory that is not empty, a broken export or one whose rows do not [fit](check); then `dir` is as
    /// it was.
    pub fn import(dir: &Path, options: &Options, input: impl BufRead) -> Result<Summary, StoreError> {
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StoreError::Refused(format!("{} is not empty", dir.display())));
        }
        let building = beside(dir);
        let _lock = disk::lock(&building)?;
        let built = build(&building, options, input);
        let placed = built.and_then(|summary| place(&building, dir).map(|()| summary));
        placed.inspect_err(|_| drop(fs::remove_dir_all(&building)))
    }
}

fn beside(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".importing");
    dir.with_file_name(name)
}

fn build(building: &Path, options: &Options, input: impl BufRead) -> Result<Summary, StoreError> {
    let database = disk::database(building);
    if database.exists() {
        fs::remove_dir_all(&database).map_err(|error| failed("empty", &database, &error))?;
    }
    let trees = try_open(building, options)?;
    let summary = import::read(input, &mut |rows| trees.apply(rows))?;
    sound(&trees)?;
    trees.flush()?;
    Barrier::open(building)?.sync()?;
    disk::sync_directory(&database)?;
    let log = crate::adapters::store::reads::frontier(&trees)?.size();
    Marker { instance: summary.instance.clone(), version: summary.version, log }.write(building)?;
    Ok(summary)
}

fn sound(trees: &Trees) -> Result<(), StoreError> {
    let report = check::check(trees)?;
    match report.listed.first() {
        None => Ok(()),
        Some(first) => Err(StoreError::Refused(format!("{} faults in the export, first: {first}", report.faults))),
    }
}

fn place(building: &Path, dir: &Path) -> Result<(), StoreError> {
    fs::rename(building, dir).map_err(|error| failed("move the new store to", dir, &error))?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), disk::sync_directory)
}
