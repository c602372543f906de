//! A whole log worked out anew from its entry bundles: what every tile of hashes and the root must be.
//!
//! Pure: whoever has the files hands in bundle after bundle ([`leaves`] does the costly part of each and may run beside
//! others) and compares the tiles that come out with those that are there.

use super::merkle::{Frontier, Hash, empty_root, fold_right, leaf_hash};
use super::tile::{Content, Tile, WIDTH, tile_root};

/// The leaf hashes of one bundle and the hash over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaves {
    /// The hashes of the entries, in order.
    pub hashes: Vec<Hash>,
    root: Hash,
}

/// Hashes the entries of a bundle.
pub fn leaves(entries: &[&[u8]]) -> Leaves {
    let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let root = tile_root(&hashes);
    Leaves { hashes, root }
}

/// The levels above the leaves, as far as bundles were handed in.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// For each tile level above the leaves: full tiles so far, and the hashes of the next.
    levels: Vec<(u64, Vec<Hash>)>,
    rest: Vec<Hash>,
}

impl Audit {
    /// Takes the next bundle, a partial one only at the end; every tile above the leaves that this fills.
    pub fn push(&mut self, bundle: Leaves) -> Vec<(Tile, Vec<Hash>)> {
        if bundle.hashes.len() < usize::from(WIDTH) {
            self.rest = bundle.hashes;
            return Vec::new();
        }
        let (mut full, mut hash) = (Vec::new(), bundle.root);
        for level in 1..8 {
            let at = usize::from(level) - 1;
            if self.levels.len() <= at {
                self.levels.push((0, Vec::new()));
            }
            let Some((done, pending)) = self.levels.get_mut(at) else { break };
            pending.push(hash);
            if pending.len() < usize::from(WIDTH) {
                break;
            }
            hash = tile_root(pending);
            full.push((Tile { content: Content::Hashes(level), index: *done, width: WIDTH }, std::mem::take(pending)));
            *done += 1;
        }
        full
    }

    /// The partial tiles above the leaves at the end, and the root.
    pub fn finish(self) -> (Vec<(Tile, Vec<Hash>)>, Hash) {
        let (mut tiles, mut peaks) = (Vec::new(), Vec::new());
        for (level, (done, pending)) in (1..).zip(self.levels).collect::<Vec<_>>().into_iter().rev() {
            peaks.extend(peaks_of(&pending));
            if let Some(width) = u16::try_from(pending.len()).ok().filter(|width| *width > 0) {
                tiles.push((Tile { content: Content::Hashes(level), index: done, width }, pending));
            }
        }
        peaks.extend(peaks_of(&self.rest));
        (tiles, fold_right(&peaks).unwrap_or_else(empty_root))
    }
}

fn peaks_of(hashes: &[Hash]) -> Vec<Hash> {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push(*hash);
    }
    frontier.peaks().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::merkle::root;
    use crate::tlog::tile::added;

    #[test]
    fn every_size_has_the_tiles_and_the_root_that_it_should() {
        for size in [0_u32, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_793, 70_000] {
            let entries: Vec<_> = (0..size).map(u32::to_be_bytes).collect();
            let all: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            let (mut audit, mut tiles) = (Audit::default(), Vec::new());
            for bundle in entries.chunks(256) {
                tiles.extend(audit.push(leaves(&bundle.iter().map(<[u8; 4]>::as_slice).collect::<Vec<_>>())));
            }
            let (rest, found) = audit.finish();
            tiles.extend(rest);
            assert_eq!(found, root(all.iter().copied()), "{size}");
            let above = |tile: &Tile| matches!(tile.content, Content::Hashes(level) if level > 0);
            let expected: Vec<_> = added(0, size.into()).into_iter().filter(above).collect();
            let mut names: Vec<_> = tiles.iter().map(|(tile, _)| *tile).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{size}");
            for (tile, hashes) in tiles {
                let wide = 1_usize
                    << (8 * match tile.content {
                        Content::Hashes(level) => level,
                        Content::Entries => 0,
                    });
                let first = usize::try_from(tile.index).unwrap() * 256;
                for (at, hash) in hashes.iter().enumerate() {
                    let from = (first + at) * wide;
                    assert_eq!(*hash, root(all[from..from + wide].iter().copied()), "{tile} {at}");
                }
            }
        }
    }
}
