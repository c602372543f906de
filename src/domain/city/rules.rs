//! What a city decides for itself about its staff: how long sessions last, and what needs a second person.

use crate::base::id::TypeCode;

/// The rules of one city.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How long sessions last.
    pub sessions: SessionRules,
    /// What needs a second person.
    pub four_eyes: FourEyes,
    /// Objections to uses of licences, and copies of what was shown.
    pub uses: UseRules,
    /// What is asked of the witnesses of the log.
    pub witnesses: WitnessRules,
    /// How other cities' registries are relied on.
    pub abroad: AbroadRules,
    /// The origin line of the log, where it is not the city's address with `/log`.
    pub log_origin: Option<String>,
}

/// Objections to uses of licences (提出异议), and single-use copies of what was shown (加注件).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseRules {
    /// Working days within which an objection is answered.
    pub objection_days: u16,
    /// Days for which a copy is good, at most.
    pub copy_days: u16,
}

impl Default for UseRules {
    /// Ten working days to answer; a copy is good for seven days.
    fn default() -> Self {
        Self { objection_days: 10, copy_days: 7 }
    }
}

/// What is asked of the witnesses of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessRules {
    /// How many must have cosigned before a checkpoint counts as witnessed; at least one where there is any.
    pub quorum: u32,
    /// Whether served checkpoints now and then carry a signature line that nobody knows.
    pub grease: bool,
}

impl Default for WitnessRules {
    fn default() -> Self {
        Self { quorum: 1, grease: true }
    }
}

/// How other cities' registries are relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbroadRules {
    /// How often they are asked for, in seconds.
    pub every: u32,
    /// How long one is relied on that could not be asked for, in seconds.
    pub max_age: u32,
}

impl Default for AbroadRules {
    /// Every hour, and three days: a holiday's outage does not shut the windows, and a key that was declared compromised
    /// is not believed for a week.
    fn default() -> Self {
        Self { every: 3_600, max_age: 72 * 3_600 }
    }
}

/// How long sessions last, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Without any activity.
    pub idle: u32,
    /// Altogether; signing in again begins anew.
    pub absolute: u32,
}

impl Default for SessionRules {
    /// Two hours and twelve: a clerk who takes a long case, or lunch, is not signed out in the middle of it.
    fn default() -> Self {
        Self { idle: 2 * 3_600, absolute: 12 * 3_600 }
    }
}

/// What is done to credentials, as far as it may need a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deed {
    /// Issuing.
    Issue,
    /// 暂扣.
    Suspend,
    /// 解除暂扣.
    Reinstate,
    /// 注销.
    Revoke,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 4] = [Self::Issue, Self::Suspend, Self::Reinstate, Self::Revoke];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
            Self::Revoke => "revoke",
        }
    }
}

/// Which deeds of which types need a second person (双人复核).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FourEyes {
    /// Deed and type; no type means every type.
    pub needed: Vec<(Deed, Option<TypeCode>)>,
    /// How long an action waits, in seconds.
    pub wait: u32,
}

impl Default for FourEyes {
    /// Nothing needs a second person; an action would wait three days.
    fn default() -> Self {
        Self { needed: Vec::new(), wait: 72 * 3_600 }
    }
}

impl FourEyes {
    /// Whether a deed needs a second person for a type.
    pub fn needs(&self, deed: Deed, type_code: &TypeCode) -> bool {
        let fits = |of: &Option<TypeCode>| of.as_ref().is_none_or(|of| of == type_code);
        self.needed.iter().any(|(needed, of)| *needed == deed && fits(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_deed_and_type() {
        let card = TypeCode::parse("idCard").unwrap();
        let other = TypeCode::parse("marriage").unwrap();
        let rules = FourEyes { needed: vec![(Deed::Issue, Some(card.clone())), (Deed::Revoke, None)], wait: 1 };
        assert!(
            rules.needs(Deed::Issue, &card) && rules.needs(Deed::Revoke, &card) && rules.needs(Deed::Revoke, &other)
        );
        assert!(!rules.needs(Deed::Issue, &other) && !rules.needs(Deed::Suspend, &card));
        assert!(Deed::ALL.iter().all(|deed| !FourEyes::default().needs(*deed, &card)));
    }
}
