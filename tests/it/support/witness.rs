//! A log and a witness of somebody else, under one name.

use certless::base::bytes::hex;
use certless::crypto::digest::sha256;
use certless::crypto::{Signer as _, SigningKey};
use certless::domain::account::Author;
use certless::domain::witness::serve::Told;
use certless::tlog::checkpoint::Checkpoint;
use certless::tlog::merkle::{leaf_hash, root};
use certless::tlog::note::{Kind, Note, VerifierKey};

use super::city::TestCity;

/// The name of both.
pub(crate) const NAME: &str = "w.example";

/// Has a witness cosign the city's log, and the city cosign another; the hash of the other's origin.
pub(crate) fn furnish(city: &TestCity) -> String {
    let (city, by) = (&city.service.city, Author::Token("test".to_owned()));
    let key = SigningKey::ed25519(&[31; 32]);
    let vkey = |kind| VerifierKey::new(NAME, kind, key.public_key()).unwrap().to_string();
    city.add_witness("https://w.example", &vkey(Kind::Cosignature), &by).unwrap();
    let task = city.witness_tasks().unwrap().pop().unwrap();
    let note = Note::parse(task.body.split_once("\n\n").unwrap().1).unwrap();
    let line = note.cosign(NAME, &key, 1_900_000_000).unwrap().to_string();
    city.witness_told(&task, &Ok((200, "text/plain".to_owned(), line.into_bytes()))).unwrap();
    assert!(city.witnessed_checkpoint().unwrap().is_some());
    city.witness_log(None, &[vkey(Kind::Ed25519)], &by).unwrap();
    let tree = Checkpoint { origin: NAME.to_owned(), size: 1, root: root([leaf_hash(b"leaf")]) };
    let mut note = tree.note().unwrap();
    note.sign(NAME, &key).unwrap();
    assert!(matches!(city.add_checkpoint(format!("old 0\n\n{note}").as_bytes()).unwrap(), Told::Cosigned(_)));
    hex(&sha256(NAME.as_bytes()))
}
