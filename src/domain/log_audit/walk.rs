//! Reads the files of a log from the first bundle to the last, several at a time, and holds each against the others.

use std::thread;

use super::replay::Replay;
use super::{Fault, Files, Findings};
use crate::domain::error::{Error, ErrorKind};
use crate::tlog::audit::{Audit, Leaves, leaves};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::merkle::Hash;
use crate::tlog::tile::{Content, Tile, WIDTH, entries, hashes};
use crate::vc::leaf::Entry;

/// Bundles that one thread takes in a row.
const STRIDE: u64 = 32;
/// The media type of tiles and bundles.
const BYTES: &str = "application/octet-stream";

/// Verifies every entry bundle, every tile of hashes and the root of a log against its checkpoint; what the leaves say.
///
/// `tell` hears how many leaves were done. An error when a file cannot be read, or is missing: without it the log cannot
/// be worked out.
pub fn walk(
    files: &dyn Files,
    head: &Checkpoint,
    replay: &mut Replay,
    findings: &mut Findings,
    tell: &dyn Fn(u64),
) -> Result<(), Error> {
    let mut audit = Audit::default();
    let (mut next, end) = (0, head.size.div_ceil(u64::from(WIDTH)));
    while next < end {
        let until = end.min(next + STRIDE * u64::try_from(files.breadth()).unwrap_or(1));
        for part in round(files, head.size, next, until) {
            for bundle in part? {
                tell(u64::try_from(bundle.leaves.hashes.len()).unwrap_or_default());
                for (index, entry) in bundle.entries {
                    replay.take(index, &entry, findings);
                }
                bundle.faults.into_iter().for_each(|fault| findings.fault(fault));
                let width = bundle.leaves.hashes.len();
                findings.count("leaves", u64::try_from(width).unwrap_or_default());
                findings.count("tiles", 1);
                for (tile, hashes) in audit.push(bundle.leaves) {
                    compare(files, tile, &hashes, findings)?;
                }
            }
        }
        next = until;
    }
    let (rest, root) = audit.finish();
    for (tile, hashes) in rest {
        compare(files, tile, &hashes, findings)?;
    }
    if root != head.root {
        findings.fault(Fault::new(
            "root_wrong",
            format!("checkpoint of {}", head.size),
            "由全部条目算出的根与检查点不符：日志被改写。",
            "The root worked out from the entries is not the checkpoint's: the log was rewritten.",
        ));
    }
    Ok(())
}

/// One bundle as far as it can be judged by itself.
struct Bundle {
    leaves: Leaves,
    entries: Vec<(u64, Entry)>,
    faults: Vec<Fault>,
}

/// The bundles from one number to another, in order, in parts that were read side by side.
fn round(files: &dyn Files, size: u64, from: u64, to: u64) -> Vec<Result<Vec<Bundle>, Error>> {
    let part = |first: u64| (first..to.min(first + STRIDE)).map(|index| bundle(files, index, size)).collect();
    let firsts: Vec<u64> = (from..to).step_by(usize::try_from(STRIDE).unwrap_or(1)).collect();
    if let [only] = firsts.as_slice() {
        return vec![part(*only)];
    }
    let part = &part;
    thread::scope(|scope| {
        let running: Vec<_> = firsts.into_iter().map(|first| scope.spawn(move || part(first))).collect();
        let broken = |_| Err(Error::new(ErrorKind::Internal, "a thread of the verification ended early"));
        running.into_iter().map(|thread| thread.join().unwrap_or_else(broken)).collect()
    })
}

fn bundle(files: &dyn Files, index: u64, size: u64) -> Result<Bundle, Error> {
    let beyond = || Error::corrupt("beyond the log");
    let place = Tile::of_tree(Content::Entries, index, size).ok_or_else(beyond)?;
    let bytes = file(files, place)?;
    let found = entries(&bytes, place.width).map_err(|error| unusable(place, &error.to_string()))?;
    let leaves = leaves(&found);
    let mut faults = Vec::new();
    let first = index * u64::from(WIDTH);
    let mut parsed = Vec::with_capacity(found.len());
    for (at, entry) in (first..).zip(&found) {
        match Entry::parse(entry) {
            Ok(entry) => parsed.push((at, entry)),
            Err(error) => faults.push(Fault::new(
                "leaf_malformed",
                format!("leaf {at}"),
                &format!("第 {at} 条不是规定形式的条目（{}）。", error.detail),
                &format!("Leaf {at} is not in the documented form ({}).", error.detail),
            )),
        }
    }
    let tile = Tile { content: Content::Hashes(0), ..place };
    let there = file(files, tile)?;
    let there = hashes(&there, tile.width).map_err(|error| unusable(tile, &error.to_string()))?;
    for ((at, own), told) in (first..).zip(&leaves.hashes).zip(there) {
        if own != told {
            faults.push(Fault::new(
                "leaf_changed",
                format!("leaf {at}"),
                &format!("第 {at} 条与日志记下的哈希（{tile}）不符：条目或哈希被改过。"),
                &format!("Leaf {at} is not what its hash in {tile} says: the entry or the hash was changed."),
            ));
        }
    }
    Ok(Bundle { leaves, entries: parsed, faults })
}

fn compare(files: &dyn Files, tile: Tile, own: &[Hash], findings: &mut Findings) -> Result<(), Error> {
    findings.count("tiles", 1);
    if file(files, tile)? != own.concat() {
        findings.fault(Fault::new(
            "tile_wrong",
            tile.to_string(),
            &format!("{tile} 与由条目算出的哈希不符。"),
            &format!("{tile} is not what the entries hash to."),
        ));
    }
    Ok(())
}

fn file(files: &dyn Files, tile: Tile) -> Result<Vec<u8>, Error> {
    files.read(&tile.to_string(), BYTES)?.ok_or_else(|| {
        Error::not_found(format!("{tile} is missing")).says(
            format!("日志缺少文件 {tile}，无法核验。"),
            format!("The log lacks its file {tile} and cannot be verified."),
        )
    })
}

fn unusable(tile: Tile, detail: &str) -> Error {
    Error::corrupt(format!("{tile}: {detail}"))
        .says(format!("日志文件 {tile} 已损坏（{detail}）。"), format!("The log's file {tile} is damaged ({detail})."))
}
