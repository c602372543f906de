//! What reconciling says of an entry: where it was accepted, what was found, and whether the acceptance stands.

use serde::{Deserialize, Serialize};

use crate::base::id::AgencyCode;
use crate::base::text::Label;
use crate::base::time::Timestamp;

/// Where something was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The journal; empty for an acceptance over the network.
    pub journal: String,
    /// The number of the line.
    pub seq: u64,
    /// The place.
    pub place: String,
    /// When; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Sighting {
    /// Whether both are the same line of the same journal.
    pub(super) fn is(&self, other: &Self) -> bool {
        !self.journal.is_empty() && (&self.journal, self.seq) == (&other.journal, other.seq)
    }
}

/// What was found about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Found {
    /// It was revoked or suspended before it was accepted.
    EndedBefore,
    /// It was revoked or suspended after it was accepted.
    EndedSince,
    /// It is revoked or suspended now, since when is not known here.
    Ended,
    /// It lay outside its validity.
    OutOfTime,
    /// Its issuer or the key is not trusted.
    Untrusted,
    /// It could not be looked at again.
    Undecided,
    /// The same presentation was accepted before.
    UsedTwice,
    /// The same view was accepted at another place, which is no fault in itself.
    SeenElsewhere,
    /// The verifier's clock was ahead.
    ClockAhead,
}

impl Found {
    /// Every finding.
    pub const ALL: [Self; 9] = [
        Self::EndedBefore,
        Self::EndedSince,
        Self::Ended,
        Self::OutOfTime,
        Self::Untrusted,
        Self::Undecided,
        Self::UsedTwice,
        Self::SeenElsewhere,
        Self::ClockAhead,
    ];

    /// Whether the acceptance does not stand, as far as is known.
    pub fn is_grave(self) -> bool {
        !matches!(self, Self::EndedSince | Self::SeenElsewhere | Self::Undecided)
    }

    /// For people.
    pub fn label(self) -> Label {
        match self {
            Self::EndedBefore => Label::new(
                "核验时证照已暂扣或注销，请联系当事人补正。",
                "It was suspended or revoked before it was accepted. Call the person back.",
            ),
            Self::EndedSince => Label::new(
                "核验之后证照已暂扣或注销，当时有效。",
                "It was suspended or revoked afterwards; it was good then.",
            ),
            Self::Ended => Label::new(
                "证照现已暂扣或注销，起始时间未知，请向发证机关核实。",
                "It is suspended or revoked now; ask the issuer since when.",
            ),
            Self::OutOfTime => Label::new(
                "核验时证照不在有效期内，请联系当事人补正。",
                "It was outside its validity. Call the person back.",
            ),
            Self::Untrusted => {
                Label::new("发证机关或密钥不受信任，请核实后处理。", "Its issuer or key is not trusted. Look into it.")
            }
            Self::Undecided => Label::new(
                "暂时无法复核，联网后请再次核对此记录。",
                "It could not be looked at again. Reconcile the journal once more when online.",
            ),
            Self::UsedTwice => {
                Label::new("同一出示在两处被接受，请核实。", "The same presentation was accepted twice. Look into it.")
            }
            Self::SeenElsewhere => Label::new(
                "同一证照也在另一地点使用过，供参考。",
                "The same licence was shown at another place too, for your information.",
            ),
            Self::ClockAhead => Label::new(
                "核验设备的时间超前，请校准后核实此记录。",
                "The verifier's clock was ahead. Set it and look into this entry.",
            ),
        }
    }
}

/// One finding, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What was found.
    pub found: Found,
    /// The code of verification, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The other place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Sighting>,
}

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// When it was reconciled.
    pub reconciled_at: Timestamp,
    /// Whose journal it is; absent for the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyCode>,
    /// Where and when it was accepted.
    pub used: Sighting,
    /// How old the bundle was then, in seconds.
    pub bundle_age: i64,
    /// The types of the licences.
    pub types: Vec<String>,
    /// Their issuers.
    pub issuers: Vec<String>,
    /// What was found; empty when it stands.
    pub notes: Vec<Note>,
}

impl Outcome {
    /// Whether the acceptance stands, as far as is known.
    pub fn stands(&self) -> bool {
        !self.notes.iter().any(|note| note.found.is_grave())
    }
}

/// One page of outcomes, the newest first.
#[derive(Debug)]
pub struct Outcomes {
    /// The outcomes.
    pub outcomes: Vec<Outcome>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}
