//! A log as it grows: whether the tree that is there goes on from the one that is remembered, told from its own tiles.

use std::collections::BTreeMap;

use super::{Fault, Files};
use crate::base::time::Timestamp;
use crate::domain::error::Error;
use crate::tlog::checkpoint::{Checkpoint, Policy};
use crate::tlog::merkle::{Hash, Node, consistency_proof, inclusion_proof, verify_consistency};
use crate::tlog::note::{Note, VerifierKey};
use crate::tlog::tile::{Content, HEIGHT, Tile, WIDTH, hashes, tile_root};

/// The media type of notes and keys.
const TEXT: &str = "text/plain";
/// Longest note that is read, bytes.
const LONGEST: usize = 64 * 1024;

/// The signed checkpoint of a log, as it came, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The note.
    pub note: String,
    /// What it says, believed by the policy.
    pub checkpoint: Checkpoint,
    /// Names of the witnesses that cosigned it.
    pub witnesses: Vec<String>,
}

/// The checkpoint of a log, if the policy accepts it; a fault when it does not.
pub fn head(files: &dyn Files, policy: &Policy) -> Result<Result<Head, Fault>, Error> {
    let note = text(files, "checkpoint")?;
    Ok(match policy.open(&note) {
        Ok(accepted) => {
            let witnesses = accepted.witnessed.into_iter().map(|(name, _)| name).collect();
            Ok(Head { note, checkpoint: accepted.checkpoint, witnesses })
        }
        Err(error) => Err(Fault::new(
            error.code,
            "checkpoint",
            &format!("检查点不可信（{}）。请核对日志公钥和网址。", error.detail),
            &format!("The checkpoint cannot be believed ({}). Check the log's key and address.", error.detail),
        )),
    })
}

/// The same, where a key that signed must count now.
pub fn head_at(files: &dyn Files, policy: &Policy, now: Timestamp) -> Result<Result<Head, Fault>, Error> {
    let head = match head(files, policy)? {
        Ok(head) => head,
        Err(fault) => return Ok(Err(fault)),
    };
    let accepted = policy.open(&head.note)?;
    Ok(match accepted.require_at(now) {
        Ok(()) => Ok(head),
        Err(error) => Err(Fault::new(
            error.code,
            "checkpoint",
            "检查点仅由已停用或已失密的日志密钥签署。请更新信任名录后重试；仍如此则请报告监督机关。",
            "The checkpoint is signed only by a key of the log that has ended or was compromised. Update the trust registry and try again; if it stays so, report it to the supervisor.",
        )),
    })
}

/// The keys that a log names itself, one a line.
pub fn named_keys(files: &dyn Files) -> Result<Vec<VerifierKey>, Error> {
    let keys = text(files, "key")?.lines().map(VerifierKey::parse).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(Error::malformed("the log names no key")) } else { Ok(keys) }
}

/// The origin line of a log's checkpoint, believed by nobody yet: which keys have to be looked for.
pub fn named_origin(files: &dyn Files) -> Result<String, Error> {
    let note = text(files, "checkpoint")?;
    Ok(Checkpoint::parse(Note::parse(&note)?.text())?.origin)
}

fn text(files: &dyn Files, path: &str) -> Result<String, Error> {
    let missing = || {
        Error::not_found(format!("{path} is missing")).says(
            format!("此处没有日志（缺少 {path}）。请核对网址或目录。"),
            format!("There is no log here ({path} is missing). Check the address or folder."),
        )
    };
    let bytes = files.read(path, TEXT)?.filter(|bytes| bytes.len() <= LONGEST).ok_or_else(missing)?;
    String::from_utf8(bytes).map_err(|_| missing())
}

/// Whether the tree of `new` begins with that of `old`: `rollback` when it is smaller, `fork` when it is another tree.
pub fn consistent(files: &dyn Files, old: &Checkpoint, new: &Checkpoint) -> Result<Result<(), Fault>, Error> {
    if new.size < old.size {
        return Ok(Err(Fault::new(
            "rollback",
            format!("{} -> {}", old.size, new.size),
            &format!("日志倒退：原有 {} 条，现只有 {} 条。", old.size, new.size),
            &format!("The log went back: it had {} leaves and now has {}.", old.size, new.size),
        )));
    }
    let mut tiles = Tiles::new(files, new.size);
    let proof = consistency_proof(old.size, new.size, |node| tiles.node(node))?.unwrap_or_default();
    if verify_consistency(old.size, &old.root, new.size, &new.root, &proof) {
        return Ok(Ok(()));
    }
    Ok(Err(Fault::new(
        "fork",
        format!("{} -> {}", old.size, new.size),
        &format!("日志分叉：现有的 {} 条不是由原来的 {} 条续写而成。", new.size, old.size),
        &format!("The log forked: its {} leaves do not go on from the {} that were there.", new.size, old.size),
    )))
}

/// The hashes of a log of one size, read from its tiles.
pub struct Tiles<'a> {
    files: &'a dyn Files,
    size: u64,
    read: BTreeMap<Tile, Vec<Hash>>,
}

impl<'a> Tiles<'a> {
    /// The tiles of a log as its tree of `size` leaves has them.
    pub fn new(files: &'a dyn Files, size: u64) -> Self {
        Self { files, size, read: BTreeMap::new() }
    }

    /// The audit path of a leaf; `None` beyond the tree.
    pub fn inclusion(&mut self, index: u64) -> Result<Option<Vec<Hash>>, Error> {
        inclusion_proof(index, self.size, |node| self.node(node))
    }

    /// The hash of a complete subtree.
    pub fn node(&mut self, node: Node) -> Result<Hash, Error> {
        let beyond = || Error::corrupt("beyond the tiles of the log");
        let (level, rest) = (node.level / HEIGHT, node.level % HEIGHT);
        let wide = 1_u64 << rest;
        let first = node.index.checked_mul(wide).ok_or_else(beyond)?;
        let (index, at) = (first / u64::from(WIDTH), first % u64::from(WIDTH));
        let tile = Tile::of_tree(Content::Hashes(level), index, self.size).ok_or_else(beyond)?;
        let (from, to) = (usize::try_from(at), usize::try_from(at + wide));
        let (Ok(from), Ok(to)) = (from, to) else { return Err(beyond()) };
        Ok(tile_root(self.tile(tile)?.get(from..to).ok_or_else(beyond)?))
    }

    fn tile(&mut self, tile: Tile) -> Result<&[Hash], Error> {
        if !self.read.contains_key(&tile) {
            let bytes = self.files.read(&tile.to_string(), "application/octet-stream")?;
            let bytes = bytes.ok_or_else(|| Error::not_found(format!("{tile} is missing")))?;
            self.read.insert(tile, hashes(&bytes, tile.width)?.to_vec());
        }
        Ok(self.read.get(&tile).map(Vec::as_slice).unwrap_or_default())
    }
}
