//! The log as an outsider follows it: checkpoint, tiles and entry bundles over HTTP, everything worked out anew.

pub(crate) mod by_hand;
mod mixed;
mod outside;
mod peers;
mod soon;
mod tamper;

use std::ops::Range;

use certless::adapters::store::pack;
use certless::base::json::json;
use certless::domain::leaf::{Entry, Kind};
use certless::tlog::checkpoint::{Checkpoint, Policy};
use certless::tlog::merkle::{Hash, leaf_hash, root};
use certless::tlog::note::VerifierKey;
use certless::tlog::proof::LogProof;
use certless::tlog::tile::{Content, Tile, added, entries, hashes, tile_root};

use crate::support::city::{Got, TestCity};
use crate::support::roles::{Agency, Resident, row_of};

/// Where a leaf lies in the store.
struct LeafPlace<R> {
    row: R,
    value: Vec<u8>,
    /// The leaf's bytes in the value.
    bytes: Range<usize>,
    /// Its number in the log.
    index: usize,
}

/// The first leaf that tells of a licence's issuing, in rows of the log in order.
fn first_issued<R>(rows: impl Iterator<Item = (R, Vec<u8>)>) -> LeafPlace<R> {
    let mut index = 0;
    for (row, value) in rows {
        let mut end = 0;
        for leaf in pack::leaves(&value) {
            let leaf = leaf.expect("a sound row");
            end += 4 + leaf.len();
            if leaf[1] == 1 {
                return LeafPlace { row, bytes: end - leaf.len()..end, index, value: value.clone() };
            }
            index += 1;
        }
    }
    panic!("nothing was issued");
}

fn get(city: &TestCity, path: &str) -> Got {
    city.get(None, &format!("/log/{path}"), "*/*")
}

fn policy(city: &TestCity) -> Policy {
    Policy::of_key(VerifierKey::parse(get(city, "key").text.trim_end()).unwrap())
}

fn checkpoint(city: &TestCity) -> Checkpoint {
    let got = get(city, "checkpoint");
    assert_eq!((got.status, got.media.as_str()), (200, "text/plain; charset=utf-8"));
    policy(city).open(&got.text).unwrap().checkpoint
}

fn tile(city: &TestCity, tile: Tile) -> Vec<u8> {
    let got = get(city, &tile.to_string());
    assert_eq!((got.status, got.media.as_str()), (200, "application/octet-stream"), "{tile}: {}", got.text);
    assert!(got.header("cache-control").contains("immutable"));
    got.bytes
}

/// Every entry of the log, each held against its hash, and the hashes against the checkpoint.
fn follow(city: &TestCity) -> (Checkpoint, Vec<Vec<u8>>) {
    let head = checkpoint(city);
    let (mut all, mut leaves, mut above) = (Vec::new(), Vec::<Hash>::new(), Vec::new());
    for one in added(0, head.size) {
        let bytes = tile(city, one);
        match one.content {
            Content::Entries => all.extend(entries(&bytes, one.width).unwrap().into_iter().map(<[u8]>::to_vec)),
            Content::Hashes(0) => leaves.extend(hashes(&bytes, one.width).unwrap()),
            Content::Hashes(_) => above.extend(hashes(&bytes, one.width).unwrap().to_vec()),
        }
    }
    assert_eq!(leaves, all.iter().map(|entry| leaf_hash(entry)).collect::<Vec<_>>());
    assert_eq!(above, leaves.as_chunks::<256>().0.iter().map(|full| tile_root(full)).collect::<Vec<_>>());
    assert_eq!(root(leaves), head.root, "the hashes do not lead to the root of the checkpoint");
    (head, all)
}

#[test]
fn an_outsider_follows_the_log_from_its_files_alone() {
    let city = TestCity::start();
    city.integrate();
    let before = checkpoint(&city);
    let agency = Agency::new(&city, "GA");
    for n in 0..130 {
        let resident = Resident::nth(n);
        let issued = agency.issue(row_of("idCard", &resident.code));
        let id = issued["id"].as_str().unwrap();
        let (status, _) = city.post(&format!("/api/credentials/{id}/suspend"), &json!({"reason": "a test"}));
        assert_eq!(status, 200);
    }
    city.integrate();
    let (head, all) = follow(&city);
    assert_eq!(head.size, before.size + 260, "every fact has its leaf");
    let leaves: Vec<_> = all.iter().map(|entry| Entry::parse(entry).unwrap()).collect();
    for kind in [Kind::Issued, Kind::Suspended] {
        assert_eq!(leaves.iter().filter(|leaf| leaf.kind == kind).count(), 130);
    }
    let bytes: usize = all.iter().map(|entry| entry.len() + 2).sum();
    assert!(bytes / all.len() < 85, "{} bytes a leaf", bytes / all.len());
    let text = all.concat();
    assert!(!String::from_utf8_lossy(&text).contains(&Resident::nth(0).code), "no personal data in the log");
}

#[test]
fn an_entry_proves_itself_and_what_is_beyond_the_head_is_not_there() {
    let city = TestCity::start();
    Agency::new(&city, "GA").issue(row_of("idCard", &Resident::nth(0).code));
    city.integrate();
    let (head, all) = follow(&city);
    let policy = policy(&city);
    for (index, entry) in all.iter().enumerate() {
        let proof = LogProof::parse(&get(&city, &format!("proof/{index}")).text).unwrap();
        assert_eq!(proof.verify(&leaf_hash(entry), &policy).unwrap().checkpoint, head);
        assert!(proof.verify(&leaf_hash(b"another entry"), &policy).is_err());
    }
    // A partial tile of an older, smaller tree stays there; a wider one than the log has does not.
    assert_eq!(get(&city, "tile/0/000.p/1").status, 200);
    for absent in [
        format!("tile/0/000.p/{}", head.size + 1),
        "tile/0/000".to_owned(),
        "tile/1/000.p/1".to_owned(),
        "tile/entries/001.p/1".to_owned(),
        "tile/0/0".to_owned(),
        "tile/00/000".to_owned(),
        format!("proof/{}", head.size),
    ] {
        assert_eq!(get(&city, &absent).status, 404, "{absent}");
    }
}
