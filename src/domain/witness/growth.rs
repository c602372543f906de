//! How the log grew: the time of some of its entries, and the cosigned checkpoints between them, for a picture.

use std::collections::BTreeMap;

use crate::base::json::{Value, json};
use crate::base::time::{from_unix, rfc3339};
use crate::domain::change::Table;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::Entry;
use crate::tlog::note::{Note, VerifierKey};

/// Sizes that are looked at.
const POINTS: u64 = 64;

/// The earliest time of a checkpoint's cosignatures, and how many there are.
type Mark = (String, usize);

impl City {
    /// The time at which the log had up to 64 evenly spaced sizes, and the cosigned checkpoints nearest to them.
    pub fn log_growth(&self) -> Result<Value, Error> {
        let head = self.store().log_head()?.size;
        let mut points = Vec::new();
        let mut checkpoints = BTreeMap::new();
        let keys = self.witnesses()?.iter().map(super::Witness::verifier).collect::<Result<Vec<_>, _>>()?;
        for size in sizes(head) {
            let entry = self.store().log_range(size - 1, 1)?.pop().unwrap_or_default();
            if let Ok(entry) = Entry::parse(&entry) {
                points.push(json!({"size": size, "at": rfc3339(entry.at)}));
            }
            checkpoints.extend(self.cosigned_from(size, &keys)?);
        }
        let checkpoints: Vec<Value> =
            checkpoints.into_iter().map(|(size, (at, by))| json!({"size": size, "at": at, "witnesses": by})).collect();
        Ok(json!({"size": head, "points": points, "checkpoints": checkpoints}))
    }

    /// The first written checkpoint of at least a size: its size, its earliest cosignature's time, how many there are.
    fn cosigned_from(&self, size: u64, keys: &[VerifierKey]) -> Result<Option<(u64, Mark)>, Error> {
        let before = size.saturating_sub(1).to_be_bytes();
        let page = self.store().scan(Table::Cosigned, b"", Some(&before), 1)?;
        let Some((key, row)) = page.rows.first() else { return Ok(None) };
        let Ok(size) = <[u8; 8]>::try_from(key.as_slice()).map(u64::from_be_bytes) else { return Ok(None) };
        let Ok(note) = Note::parse(&String::from_utf8_lossy(&row.value)) else { return Ok(None) };
        let times: Vec<u64> = keys.iter().filter_map(|key| note.verify(key).ok().flatten()).collect();
        let at = times.iter().min().and_then(|time| from_unix(i64::try_from(*time).ok()?)).map(rfc3339);
        Ok(at.map(|at| (size, (at, times.len()))))
    }
}

/// Up to [`POINTS`] sizes from 1 to the head, evenly spaced, the head among them.
fn sizes(head: u64) -> Vec<u64> {
    let steps = POINTS.min(head);
    let size = |step: u64| u64::try_from(u128::from(head) * u128::from(step) / u128::from(steps)).unwrap_or(head);
    (1..=steps).map(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_spread_over_the_log_and_end_at_its_head() {
        assert!(sizes(0).is_empty());
        assert_eq!(sizes(3), [1, 2, 3]);
        let many = sizes(u64::MAX);
        assert_eq!((many.len(), many.last()), (64, Some(&u64::MAX)));
        assert!(sizes(1_000).is_sorted_by(|a, b| a < b));
    }
}
