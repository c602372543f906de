//! One sled tree per space; a batch goes in as one transaction over the trees it touches.

use std::ops::Bound;

use sled::transaction::{ConflictableTransactionError, TransactionError, Transactional};
use sled::{Db, IVec, Tree};

use crate::adapters::store::batch::Writes;
use crate::adapters::store::rows::{Each, Rows, Space};
use crate::domain::ports::StoreError;

/// The open trees, by number of space.
#[derive(Clone)]
pub struct Trees {
    db: Db,
    trees: Vec<Option<Tree>>,
}

impl Trees {
    /// Opens or makes every tree.
    pub(super) fn open(db: Db) -> Result<Self, StoreError> {
        let mut trees = vec![None; Space::COUNT];
        for space in Space::all() {
            if let Some(place) = trees.get_mut(usize::from(space.id())) {
                *place = Some(db.open_tree(space.name()).map_err(|error| engine(&error))?);
            }
        }
        Ok(Self { db, trees })
    }

    fn tree(&self, space: Space) -> Result<&Tree, StoreError> {
        let tree = self.trees.get(usize::from(space.id())).and_then(Option::as_ref);
        tree.ok_or_else(|| StoreError::Corrupt(format!("{} was not opened", space.name())))
    }

    /// Writes all frames as one transaction. The closure may run more than once and only repeats what was decided.
    pub(super) fn apply(&self, writes: Writes) -> Result<(), StoreError> {
        let mut trees = Vec::with_capacity(writes.len());
        let mut prepared = Vec::with_capacity(writes.len());
        for (space, rows) in writes {
            trees.push(self.tree(space)?.clone());
            let rows = rows.into_iter().map(|(key, frame)| (IVec::from(key), frame.map(IVec::from)));
            prepared.push(rows.collect::<Vec<_>>());
        }
        if trees.is_empty() {
            return Ok(());
        }
        let written = trees.as_slice().transaction(|views| {
            for (view, rows) in views.iter().zip(&prepared) {
                for (key, frame) in rows {
                    match frame {
                        Some(frame) => view.insert(key, frame)?,
                        None => view.remove(key)?,
                    };
                }
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        written.map_err(|error| match error {
            TransactionError::Storage(error) => engine(&error),
            TransactionError::Abort(()) => StoreError::Unknown,
        })
    }

    /// Hands every written byte to the operating system; the disk is another step (`disk::Barrier`).
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(|error| engine(&error))
    }
}

impl Rows for Trees {
    type Frame = IVec;

    fn frame(&self, space: Space, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        self.tree(space)?.get(key).map_err(|error| engine(&error))
    }

    fn walk(&self, space: Space, from: Bound<&[u8]>, each: &mut Each<'_>) -> Result<(), StoreError> {
        for row in self.tree(space)?.range::<&[u8], _>((from, Bound::Unbounded)) {
            let (key, frame) = row.map_err(|error| engine(&error))?;
            if !each(&key, &frame)? {
                break;
            }
        }
        Ok(())
    }
}

/// Any error of the engine ends the store; a full disk is told apart.
pub(super) fn engine(error: &sled::Error) -> StoreError {
    if let sled::Error::Io(error) = error
        && error.kind() == std::io::ErrorKind::StorageFull
    {
        return StoreError::Full;
    }
    StoreError::Corrupt(format!("sled: {error}"))
}
