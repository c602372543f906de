//! Tiles and entry bundles (C2SP tlog-tiles): how a log is cut into static files of 256 hashes or entries.

use std::fmt;
use std::ops::Range;

use super::checkpoint::decimal;
use super::merkle::{Frontier, Hash, Node};
use crate::base::error::ParseError;

/// Hashes of a full tile, entries of a full bundle.
pub const WIDTH: u16 = 256;
/// Levels of the tree in one tile.
pub const HEIGHT: u8 = 8;
/// The longest entry of a bundle, bytes.
pub const LONGEST_ENTRY: usize = u16::MAX as usize;

/// What a file of the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// Hashes of the tile level, 0 for leaves.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// One file of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Hashes or entries.
    pub content: Content,
    /// Which tile of its level, from 0.
    pub index: u64,
    /// How many hashes or entries, 1 to 256; below 256 the tile is partial.
    pub width: u16,
}

impl Tile {
    /// Reads the path of a tile, `tile/0/x001/067` or `tile/entries/000.p/7`; `tile_path` for anything else.
    pub fn parse(path: &str) -> Result<Self, ParseError> {
        Self::read(path).ok_or_else(|| ParseError::new("tile_path", "not a path of tlog-tiles"))
    }

    fn read(path: &str) -> Option<Self> {
        let (content, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let content = match content {
            "entries" => Content::Entries,
            level => Content::Hashes(decimal(level).and_then(|level| u8::try_from(level).ok()).filter(|&l| l < 64)?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let width = decimal(width).and_then(|width| u16::try_from(width).ok())?;
                (index, (1..WIDTH).contains(&width).then_some(width)?)
            }
            None => (rest, WIDTH),
        };
        let index = read_index(index)?;
        Some(Self { content, index, width })
    }

    /// Whether the tile has all 256 parts and so never changes.
    pub fn is_full(self) -> bool {
        self.width == WIDTH
    }

    /// The nodes whose hashes a tile of hashes holds, for a tile of entries the leaves.
    pub fn nodes(self) -> impl Iterator<Item = Node> {
        let level = match self.content {
            Content::Hashes(level) => level.saturating_mul(HEIGHT),
            Content::Entries => 0,
        };
        let first = self.index * u64::from(WIDTH);
        (first..first + u64::from(self.width)).map(move |index| Node { level, index })
    }

    /// The tile of that place as a tree of `size` leaves has it; `None` when it has no part of it.
    pub fn of_tree(content: Content, index: u64, size: u64) -> Option<Self> {
        let parts = match content {
            Content::Entries => size,
            Content::Hashes(level) => {
                let shift = u32::from(level) * u32::from(HEIGHT);
                size.checked_shr(shift).unwrap_or(0)
            }
        };
        let before = index.checked_mul(u64::from(WIDTH))?;
        let width = parts.saturating_sub(before).min(u64::from(WIDTH));
        (width > 0).then(|| Self { content, index, width: u16::try_from(width).unwrap_or(WIDTH) })
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content {
            Content::Hashes(level) => write!(f, "tile/{level}/")?,
            Content::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = Vec::new();
        let mut rest = self.index;
        loop {
            groups.push(rest % 1000);
            rest /= 1000;
            if rest == 0 {
                break;
            }
        }
        while let Some(group) = groups.pop() {
            if groups.is_empty() { write!(f, "{group:03}")? } else { write!(f, "x{group:03}/")? }
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

fn read_index(text: &str) -> Option<u64> {
    let groups: Vec<&str> = text.split('/').collect();
    let (last, first) = groups.split_last()?;
    let digits = |group: &str| {
        let three = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
        three.then(|| group.parse::<u64>().ok()).flatten()
    };
    let mut index = 0_u64;
    for (at, group) in first.iter().enumerate() {
        let value = digits(group.strip_prefix('x')?)?;
        if at == 0 && value == 0 {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(value)?;
    }
    index.checked_mul(1000)?.checked_add(digits(last)?)
}

/// The files that a tree of `new` leaves has and one of `old` leaves had not, lower levels first: what a sequencer writes
/// before the checkpoint of `new`.
pub fn added(old: u64, new: u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    let mut add = |content: Content, parts: Range<u64>| {
        if parts.is_empty() {
            return;
        }
        let width = u64::from(WIDTH);
        let last = (parts.end - 1) / width;
        tiles.extend((parts.start / width..=last).filter_map(|index| Tile::of_tree(content, index, new)));
    };
    add(Content::Entries, old..new);
    for level in 0..8 {
        let shift = u32::from(level) * u32::from(HEIGHT);
        add(Content::Hashes(level), old >> shift..new >> shift);
    }
    tiles
}

/// The entries of a bundle, each behind its length as 16 bits.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, ParseError> {
    let mut out = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| ParseError::new("entry_too_large", "over 65535 bytes"))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// Reads a bundle of exactly `width` entries; `bundle_malformed` otherwise.
pub fn entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, ParseError> {
    let wrong = || ParseError::new("bundle_malformed", "not the entries that the tile should have");
    let mut entries = Vec::with_capacity(usize::from(width));
    let mut rest = bundle;
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let (entry, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(wrong)?;
        entries.push(entry);
        rest = tail;
    }
    if rest.is_empty() && entries.len() == usize::from(width) { Ok(entries) } else { Err(wrong()) }
}

/// Reads a tile of exactly `width` hashes; `tile_malformed` otherwise.
pub fn hashes(tile: &[u8], width: u16) -> Result<&[Hash], ParseError> {
    let (hashes, rest) = tile.as_chunks::<32>();
    if rest.is_empty() && hashes.len() == usize::from(width) {
        return Ok(hashes);
    }
    Err(ParseError::new("tile_malformed", "not the hashes that the tile should have"))
}

/// The hash of the subtree over a full tile's hashes: what the tile above holds for it.
pub fn tile_root(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push(*hash);
    }
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        for (content, index, width, path) in [
            (Content::Hashes(0), 1_234_067, 256, "tile/0/x001/x234/067"),
            (Content::Hashes(1), 0, 17, "tile/1/000.p/17"),
            (Content::Entries, 273, 112, "tile/entries/273.p/112"),
            (Content::Hashes(63), 1000, 256, "tile/63/x001/000"),
        ] {
            let tile = Tile { content, index, width };
            assert_eq!((tile.to_string().as_str(), Tile::parse(path)), (path, Ok(tile)));
        }
        for wrong in [
            "tile/0/",
            "tile/00/000",
            "tile/64/000",
            "tile/0/0",
            "tile/0/1234",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/../000",
            "tile/x/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert!(Tile::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_tree_of_seventy_thousand_has_the_tiles_of_the_example() {
        let all = added(0, 70_000);
        let of = |content| all.iter().filter(|tile| tile.content == content).collect::<Vec<_>>();
        let leaves = of(Content::Hashes(0));
        assert_eq!((leaves.len(), leaves.iter().filter(|tile| tile.is_full()).count()), (274, 273));
        assert_eq!(leaves.last().unwrap().width, 112);
        let above = of(Content::Hashes(1));
        assert_eq!((above.len(), above[0].width, above[1].width), (2, 256, 17));
        assert_eq!(of(Content::Hashes(2))[0].width, 1);
        assert!(of(Content::Hashes(3)).is_empty());
        assert_eq!(of(Content::Entries).len(), 274);
    }

    #[test]
    fn growing_step_by_step_writes_every_tile_that_the_last_tree_has() {
        let last: std::collections::BTreeSet<_> = added(0, 1_000).into_iter().collect();
        let mut written = std::collections::BTreeSet::new();
        for size in 1..=1_000 {
            written.extend(added(size - 1, size));
        }
        assert!(written.is_superset(&last));
        assert!(added(5, 5).is_empty());
    }

    #[test]
    fn a_bundle_reads_back_and_nothing_else_does() {
        let long = vec![1; LONGEST_ENTRY];
        let packed = bundle([&b"ab"[..], b"", &long]).unwrap();
        assert_eq!(entries(&packed, 3).unwrap(), [&b"ab"[..], b"", &long]);
        assert!(entries(&packed, 2).is_err() && entries(&packed[..packed.len() - 1], 3).is_err());
        assert_eq!(bundle([&vec![0; LONGEST_ENTRY + 1][..]]).unwrap_err().code, "entry_too_large");
        assert!(hashes(&[0; 64], 2).is_ok() && hashes(&[0; 63], 2).is_err() && hashes(&[0; 64], 1).is_err());
    }
}
