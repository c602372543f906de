//! What a start adds to the log: credential types and matters as they are published from now on; and what each version of
//! the trust registry tells about keys.
//!
//! A row remembers the digest that was told last, so that a start with nothing new adds nothing and a file that was
//! changed, even under its old version, leaves a leaf. The row and the leaf are one change: a crash leaves both or neither,
//! and the next start does what is missing.

use super::catalogue::Catalogue;
use super::change::{Change, Leaf, Table};
use super::city::City;
use super::error::Error;
use super::leaf::{Kind, leaf};
use super::matter;
use super::ports::StoreError;
use super::trust::{Registry, TrustedKey};
use crate::base::bytes::base64url;
use crate::base::json::{Value, json};
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;

/// One thing that is published.
struct Published {
    table: Table,
    key: String,
    digest: [u8; 32],
    leaf: Leaf,
}

impl City {
    /// Writes what is published and was not told so yet, with its leaves; how many there were.
    pub fn publish(&self) -> Result<usize, Error> {
        let mut change = Change::new(self.fresh_request("publish")?, sha256(b"publish"));
        for one in self.published()? {
            let row = self.store().get(one.table, one.key.as_bytes())?;
            match row {
                Some(row) if row.value == one.digest => continue,
                Some(row) => change = change.update(one.table, one.key, row.version, one.digest),
                None => change = change.insert(one.table, one.key, one.digest),
            }
            change.leaves.push(one.leaf);
        }
        let new = change.leaves.len();
        if new == 0 {
            return Ok(0);
        }
        match self.store().commit(change) {
            Ok(_) => Ok(new),
            // Another process of the same city was first.
            Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn published(&self) -> Result<Vec<Published>, Error> {
        let at = self.this_second();
        let types = Catalogue::embedded()?.types().iter().map(|one| {
            let (code, version, digest) = (one.code(), one.version(), sha256(one.text().as_bytes()));
            let members = [("type", json!(code)), ("version", json!(version)), ("digest", told(&digest))];
            let key = format!("{code}/{version}");
            Published { table: Table::Type, key, digest, leaf: leaf(Kind::Type, at, &members) }
        });
        let matters = matter::catalogue::published()?.into_iter().map(|(agency, version, text)| {
            let digest = sha256(text.as_bytes());
            let members = [("agency", json!(agency)), ("version", json!(version)), ("digest", told(&digest))];
            let key = format!("{agency}/{version}");
            Published { table: Table::Matter, key, digest, leaf: leaf(Kind::Matter, at, &members) }
        });
        Ok(types.chain(matters).collect())
    }
}

/// What is told of a key.
#[derive(Clone, Copy)]
struct Told<'a> {
    owner: &'a str,
    id: &'a str,
    key: &'a PublicKey,
    valid_from: Timestamp,
    valid_until: Option<Timestamp>,
    compromised_from: Option<Timestamp>,
}

/// The leaves of what a version of the registry changes about keys, `before` being the version it follows.
pub(super) fn key_leaves(before: Option<&Registry>, after: &Registry) -> Vec<Leaf> {
    let known = before.map(keys_of).unwrap_or_default();
    let mut leaves = Vec::new();
    for key in keys_of(after) {
        let earlier = known.iter().find(|known| (known.owner, known.key) == (key.owner, key.key)).copied();
        changes_of(earlier, key).for_each(|(state, from)| leaves.push(key_leaf(key, state, from, after.issued)));
    }
    leaves
}

/// Every key that a registry names: the city's own, then those of the agencies.
fn keys_of(registry: &Registry) -> Vec<Told<'_>> {
    let roots = registry.roots.iter().map(|known| of("city", &known.key));
    let notes = registry.logs.iter().chain(&registry.witnesses).map(|known| Told {
        owner: "city",
        id: &known.id,
        key: known.key.key(),
        valid_from: known.valid_from,
        valid_until: known.valid_until,
        compromised_from: known.compromised_from,
    });
    let agencies =
        registry.agencies.iter().flat_map(|agency| agency.keys.iter().map(|key| of(agency.code.as_str(), key)));
    roots.chain(notes).chain(agencies).collect()
}

fn of<'a>(owner: &'a str, known: &'a TrustedKey) -> Told<'a> {
    let TrustedKey { id, key, valid_from, valid_until, compromised_from } = known;
    Told { owner, id, key, valid_from: *valid_from, valid_until: *valid_until, compromised_from: *compromised_from }
}

fn changes_of<'a>(known: Option<Told<'a>>, key: Told<'a>) -> impl Iterator<Item = (&'static str, Timestamp)> + 'a {
    let published = known.is_none().then_some(("published", key.valid_from));
    let new = |now: Option<Timestamp>, then: Option<Timestamp>| now.filter(|now| then != Some(*now));
    let ended = new(key.valid_until, known.and_then(|known| known.valid_until)).map(|at| ("ended", at));
    let marked =
        new(key.compromised_from, known.and_then(|known| known.compromised_from)).map(|at| ("compromised", at));
    published.into_iter().chain(ended).chain(marked)
}

fn key_leaf(told_of: Told<'_>, state: &str, from: Timestamp, at: Timestamp) -> Leaf {
    let members = [
        ("owner", json!(told_of.owner)),
        ("key", json!(told_of.id)),
        ("state", json!(state)),
        ("from", json!(from.as_second().max(0))),
        ("digest", told(&digest_of(told_of.key))),
    ];
    leaf(Kind::Key, at, &members)
}

fn digest_of(key: &PublicKey) -> [u8; 32] {
    sha256(key.to_multikey().as_bytes())
}

fn told(digest: &[u8; 32]) -> Value {
    base64url(digest).into()
}
