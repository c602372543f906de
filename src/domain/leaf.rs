//! What the log says about a fact: the leaf that a change carries. Its form is [`vc::leaf`](crate::vc::leaf)'s.

use super::change::Leaf;
use crate::base::json::Value;
use crate::base::time::Timestamp;
use crate::vc::leaf::encode;
pub use crate::vc::leaf::{Entry, Kind, slot_number};

/// The leaf of a fact, with its members as [`encode`] takes them.
pub fn leaf(kind: Kind, at: Timestamp, members: &[(&str, Value)]) -> Leaf {
    Leaf { bytes: encode(kind, at, members) }
}
