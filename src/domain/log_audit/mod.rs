//! Verifying a log from outside: every entry, every hash and the signature worked out anew from its files.
//!
//! [`walk`] reads the files and compares, [`replay`] is what the leaves say together, [`published`] holds that against what
//! the city publishes, [`store`] against every record of a store, for its operator. [`follow`] is for those who come back:
//! whether the log goes on from what they remember; [`copy`] carries it elsewhere. What is wrong is a [`Fault`] that names
//! the thing; what cannot be read is an error.

pub mod copy;
pub mod follow;
pub mod published;
pub mod replay;
pub mod store;
pub mod walk;

use std::collections::BTreeMap;

use super::error::Error;
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;

/// Most faults that are listed; the number is exact beyond them.
const LISTED: usize = 100;

/// Files of a log, or public documents of a city, by their paths.
pub trait Files: Sync {
    /// What stands at a path, in a media type if one is asked for; `None` when there is nothing.
    fn read(&self, path: &str, accept: &str) -> Result<Option<Vec<u8>>, Error>;

    /// How many questions are best asked at the same time.
    fn breadth(&self) -> usize;
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The frozen code.
    pub code: &'static str,
    /// What is wrong: a file, a leaf, a list and slot, a record.
    pub what: String,
    /// For people.
    pub message: Label,
}

impl Fault {
    /// A fault of a thing.
    pub fn new(code: &'static str, what: impl Into<String>, zh: &str, en: &str) -> Self {
        Self { code, what: what.into(), message: Label::new(zh, en) }
    }

    /// As programs read it.
    pub fn to_json(&self) -> Value {
        json!({"code": self.code, "what": self.what, "message": self.message})
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// What was compared and how often.
    pub checked: BTreeMap<&'static str, u64>,
    /// How many faults there are.
    pub faults: u64,
    /// The first hundred.
    pub listed: Vec<Fault>,
}

impl Findings {
    /// Counts things that were compared.
    pub fn count(&mut self, what: &'static str, number: u64) {
        *self.checked.entry(what).or_default() += number;
    }

    /// Notes a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.faults += 1;
        if self.listed.len() < LISTED {
            self.listed.push(fault);
        }
    }

    /// As programs read it.
    pub fn to_json(&self) -> Map {
        let mut out = Map::new();
        out.insert("checked".to_owned(), json!(self.checked));
        out.insert("faults".to_owned(), self.faults.into());
        out.insert("listed".to_owned(), self.listed.iter().map(Fault::to_json).collect());
        out
    }
}
