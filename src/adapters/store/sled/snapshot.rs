//! The rows as they stood at one version, while the writer goes on: before the writer changes a row that a snapshot may
//! still want, it puts the old frame aside.
//!
//! A row in the trees belongs to the snapshot when its version is not newer; what is newer or gone is looked for among the
//! frames put aside. There is one snapshot at a time. The frames put aside are bounded: beyond the limit the snapshot is
//! given up, not the city.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use sled::IVec;

use super::{Shared, Trees};
use crate::adapters::store::batch::Writes;
use crate::adapters::store::rows::{Each, Rows, Space};
use crate::adapters::store::{check, export};
use crate::domain::backup::{Report, Snapshot, Summary};
use crate::domain::ports::StoreError;

/// Most bytes of old frames, with their keys.
const MOST_ASIDE: usize = 64 << 20;

/// What the writer and the snapshot share.
#[derive(Default)]
pub(super) struct Aside(Mutex<Option<Taken>>);

/// Old frames of a snapshot of this version.
struct Taken {
    version: u64,
    frames: BTreeMap<Space, BTreeMap<Vec<u8>, IVec>>,
    bytes: usize,
    most: usize,
}

impl Aside {
    /// Begins a snapshot of the rows as the writer finds them; `Retry` while there is another.
    pub(super) fn begin(&self, version: u64) -> Result<(), StoreError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_some() {
            return Err(StoreError::Retry);
        }
        *taken = Some(Taken { version, frames: BTreeMap::new(), bytes: 0, most: MOST_ASIDE });
        Ok(())
    }

    /// Puts aside what these writes are about to change.
    pub(super) fn keep(&self, trees: &Trees, writes: &Writes) -> Result<(), StoreError> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(snapshot) = taken.as_mut().filter(|snapshot| !snapshot.is_given_up()) else { return Ok(()) };
        for (space, key) in writes.iter().flat_map(|(space, rows)| rows.keys().map(move |key| (*space, key))) {
            if let Some(frame) = trees.frame(space, key)? {
                snapshot.keep(space, key, frame);
            }
        }
        Ok(())
    }

    fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn ask<T>(&self, question: impl FnOnce(&Taken) -> T) -> Result<T, StoreError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = taken.as_ref().filter(|snapshot| !snapshot.is_given_up());
        snapshot.map(question).ok_or(StoreError::Retry)
    }
}

impl Taken {
    fn is_given_up(&self) -> bool {
        self.bytes > self.most
    }

    fn keep(&mut self, space: Space, key: &[u8], frame: IVec) {
        let kept = self.frames.entry(space).or_default();
        if version_of(&frame) > self.version || kept.contains_key(key) {
            return;
        }
        self.bytes += key.len() + frame.len();
        kept.insert(key.to_vec(), frame);
        if self.is_given_up() {
            tracing::warn!("more was changed during an export or check than can be kept; it has to be asked again");
            self.frames.clear();
        }
    }

    fn frame(&self, space: Space, key: &[u8]) -> Option<IVec> {
        self.frames.get(&space)?.get(key).cloned()
    }

    /// What was put aside in a range of keys.
    fn between(&self, space: Space, range: (Bound<&[u8]>, Bound<&[u8]>)) -> Vec<(Vec<u8>, IVec)> {
        let rows = self.frames.get(&space).into_iter().flat_map(|rows| rows.range::<[u8], _>(range));
        rows.map(|(key, frame)| (key.clone(), frame.clone())).collect()
    }
}

/// The rows of one version.
pub(super) struct SledSnapshot {
    shared: Arc<Shared>,
    version: u64,
    instance: String,
}

impl SledSnapshot {
    /// The snapshot that was [begun](Aside::begin).
    pub(super) fn new(shared: Arc<Shared>, version: u64, instance: String) -> Self {
        Self { shared, version, instance }
    }

    fn read<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.shared.alive()?;
        let answer = catch_unwind(AssertUnwindSafe(work));
        let answer = answer.unwrap_or_else(|_| Err(StoreError::Corrupt("the engine panicked at a read".to_owned())));
        answer.inspect_err(|error| self.shared.judge(error))
    }
}

impl Drop for SledSnapshot {
    fn drop(&mut self) {
        self.shared.aside.end();
    }
}

impl Snapshot for SledSnapshot {
    fn export(&self, out: &mut dyn Write) -> Result<Summary, StoreError> {
        self.read(|| export::export(self, &self.instance, out))
    }

    fn check(&self) -> Result<Report, StoreError> {
        self.read(|| check::check(self))
    }
}

impl Rows for SledSnapshot {
    type Frame = IVec;

    fn frame(&self, space: Space, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        // In this order: the old frame is put aside before the new one is written.
        let now = self.shared.trees.frame(space, key)?.filter(|frame| version_of(frame) <= self.version);
        let aside = self.shared.aside.ask(|taken| taken.frame(space, key))?;
        Ok(now.or(aside))
    }

    fn walk(&self, space: Space, from: Bound<&[u8]>, each: &mut Each<'_>) -> Result<(), StoreError> {
        let mut seen: Bound<Vec<u8>> = from.map(<[u8]>::to_vec);
        let mut going = true;
        let mut tell = |key: &[u8], frame: &[u8], going: &mut bool| -> Result<bool, StoreError> {
            *going = *going && each(key, frame)?;
            Ok(*going)
        };
        self.shared.trees.walk(space, from, &mut |key, frame| {
            let range = (seen.as_ref().map(Vec::as_slice), Bound::Excluded(key));
            let (gone, aside) =
                self.shared.aside.ask(|taken| (taken.between(space, range), taken.frame(space, key)))?;
            for (key, frame) in gone {
                tell(&key, &frame, &mut going)?;
            }
            let old = (version_of(frame) > self.version).then_some(aside);
            match old {
                None => tell(key, frame, &mut going)?,
                Some(Some(frame)) => tell(key, &frame, &mut going)?,
                Some(None) => going,
            };
            seen = Bound::Excluded(key.to_vec());
            Ok(going)
        })?;
        let rest = (seen.as_ref().map(Vec::as_slice), Bound::Unbounded);
        for (key, frame) in self.shared.aside.ask(|taken| taken.between(space, rest))? {
            tell(&key, &frame, &mut going)?;
        }
        Ok(())
    }
}

/// The version that a frame begins with.
fn version_of(frame: &[u8]) -> u64 {
    frame.first_chunk().map_or(0, |version| u64::from_be_bytes(*version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::store::rows::enframe;
    use crate::domain::change::Table;

    #[test]
    fn a_snapshot_that_would_need_too_much_is_given_up() {
        let aside = Aside::default();
        aside.begin(5).unwrap();
        assert_eq!(aside.begin(6), Err(StoreError::Retry), "one at a time");
        let space = Space::Table(Table::Credential);
        let keep = |key: &[u8], version| {
            let mut taken = aside.0.lock().unwrap();
            let taken = taken.as_mut().unwrap();
            taken.most = 100;
            taken.keep(space, key, enframe(space, key, version, &[0; 40]).into());
        };
        keep(b"new", 6);
        keep(b"old", 5);
        keep(b"old", 4);
        assert_eq!(aside.ask(|taken| (taken.frame(space, b"new"), taken.bytes)), Ok((None, 55)));
        keep(b"more", 1);
        assert_eq!(aside.ask(|_| ()), Err(StoreError::Retry));
        aside.end();
        assert_eq!(aside.begin(7), Ok(()));
    }
}
