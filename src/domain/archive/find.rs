//! Finding an entry of the log by its time, where no index leads to it.
//!
//! Leaves are queued in the changes that they tell of and integrated within a second or so: their times grow with their
//! places but for a little disorder, which a margin allows for.

use crate::base::time::{Timestamp, plus_seconds};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::leaf::Entry;
use crate::domain::ports::MAX_PAGE;
use crate::tlog::proof::LogProof;

/// How far leaves may stand from the place that their time gives them, seconds.
const MARGIN: i64 = 120;
/// Most entries that are looked through.
const MOST: u64 = 2_000_000;

impl City {
    /// The proof of the first entry about this time that is the one; `not-found` while the log has none.
    pub(super) fn proof_of(&self, at: Timestamp, is: impl Fn(&Entry) -> bool) -> Result<LogProof, Error> {
        let size = self.store().log_head()?.size;
        let mut next = self.first_from(plus_seconds(at, -MARGIN), size)?;
        let last = next.saturating_add(MOST).min(size);
        while next < last {
            let page = self.store().log_range(next, MAX_PAGE)?;
            if page.is_empty() {
                break;
            }
            for bytes in page {
                let entry = Entry::parse(&bytes)?;
                if is(&entry) {
                    return Ok(LogProof { extra: Some(bytes), ..self.log_proof(next)? });
                }
                if plus_seconds(at, MARGIN) < entry.at {
                    return Err(not_yet());
                }
                next += 1;
            }
        }
        Err(not_yet())
    }

    /// The first place whose entry is not before a time, by halving.
    fn first_from(&self, at: Timestamp, size: u64) -> Result<u64, Error> {
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let page = self.store().log_range(middle, 1)?;
            let entry = page.first().ok_or_else(|| Error::corrupt("the log ends before its head"))?;
            if Entry::parse(entry)?.at < at { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }
}

fn not_yet() -> Error {
    Error::not_found("the log has no entry of it yet")
        .says("公开日志中还没有登记，请稍后再试。", "The log does not have it yet. Try again in a moment.")
}
