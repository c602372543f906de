//! The city's log as others read it: the signed checkpoint, and the tiles and entry bundles behind it (C2SP tlog-tiles).
//!
//! Every file follows from the durable, integrated log, so that nothing is kept twice: a checkpoint is signed for the head
//! when it is asked for (Ed25519 always makes the same signature), hashes and entries are read from the store. What lies
//! beyond the head does not exist yet.

use super::city::City;
use super::error::{Error, ErrorKind};
use super::ports::{LogHead, MAX_PAGE, StoreError};
use crate::tlog::checkpoint::Policy;
use crate::tlog::merkle::{Hash, Node, inclusion_proof};
use crate::tlog::note::{Kind, VerifierKey};
use crate::tlog::proof::LogProof;
use crate::tlog::tile::{Content, Tile, bundle};

impl City {
    /// The origin line: as configured, or the address of the log without its scheme.
    pub fn log_origin(&self) -> String {
        self.rules.log_origin.clone().unwrap_or_else(|| self.names.log_origin())
    }

    /// The newest key that signs the log's checkpoints, for whoever verifies them.
    pub fn log_key(&self) -> Result<VerifierKey, Error> {
        let own = self.keys.own();
        let newest = own.logs.last().ok_or_else(|| Error::corrupt("no key of the log"))?;
        Ok(VerifierKey::new(&self.log_origin(), Kind::Ed25519, newest.signer.public_key())?)
    }

    /// What a reader of the city's own log relies on: every key that the registry lists for it.
    pub fn log_policy(&self) -> Result<Policy, Error> {
        let listed = self.registry().log_policy(&self.log_origin());
        listed.map_or_else(|| Ok(Policy::of_key(self.log_key()?)), Ok)
    }

    /// The signed checkpoint of the log as it stands, with what witnesses have said of it.
    pub fn checkpoint(&self) -> Result<String, Error> {
        self.signed_head(self.store().log_head()?)
    }

    fn signed_head(&self, head: LogHead) -> Result<String, Error> {
        Ok(self.cosigned_note(head)?.to_string())
    }

    /// The checkpoint that a proof of an entry leads to: the newest with its quorum of witnesses if it covers the entry, the
    /// present one otherwise.
    fn head_over(&self, index: u64) -> Result<(LogHead, String), Error> {
        if let Some((head, note)) = self.witnessed_checkpoint()?.filter(|(head, _)| index < head.size) {
            return Ok((head, note));
        }
        let head = self.store().log_head()?;
        Ok((head, self.signed_head(head)?))
    }

    /// A tile or an entry bundle; `not-found` when the log does not have it as named: a partial one of another width than
    /// the log ever had is as unknown as one beyond the head.
    pub fn log_tile(&self, tile: Tile) -> Result<Vec<u8>, Error> {
        let size = self.store().log_head()?.size;
        let whole = Tile::of_tree(tile.content, tile.index, size).filter(|there| tile.width <= there.width);
        if whole.is_none() {
            return Err(Error::not_found("no such tile"));
        }
        match tile.content {
            Content::Entries => self.entry_bundle(tile),
            Content::Hashes(_) => {
                let hashes = tile.nodes().map(|node| self.log_hash(node)).collect::<Result<Vec<_>, _>>()?;
                Ok(hashes.concat())
            }
        }
    }

    fn entry_bundle(&self, tile: Tile) -> Result<Vec<u8>, Error> {
        let (mut next, mut missing) = (tile.nodes().next().map_or(0, |node| node.index), tile.width);
        let mut entries: Vec<Vec<u8>> = Vec::with_capacity(usize::from(missing));
        while missing > 0 {
            let page = self.store().log_range(next, missing.min(MAX_PAGE))?;
            let count = u16::try_from(page.len()).unwrap_or(missing);
            if count == 0 {
                return Err(Error::corrupt("the log ends before its head"));
            }
            next += u64::from(count);
            missing = missing.saturating_sub(count);
            entries.extend(page);
        }
        Ok(bundle(entries.iter().map(Vec::as_slice))?)
    }

    fn log_hash(&self, node: Node) -> Result<Hash, StoreError> {
        self.store().log_node(node.level, node.index)
    }

    /// The inclusion of an entry in the log, with a signed checkpoint that covers it; `not-found` beyond the head.
    pub fn log_proof(&self, index: u64) -> Result<LogProof, Error> {
        let (head, checkpoint) = self.head_over(index)?;
        let hashes = inclusion_proof(index, head.size, |node| self.log_hash(node))?;
        let hashes = hashes.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "beyond the head of the log")
                .says("日志中还没有这一条，请稍后再查。", "The log has no such entry yet. Ask again in a moment.")
        })?;
        Ok(LogProof { extra: None, index, hashes, checkpoint })
    }
}
