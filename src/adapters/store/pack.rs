//! Several leaves in one value: length (4 bytes) and bytes of each.

/// Adds a leaf.
pub fn add(value: &mut Vec<u8>, leaf: &[u8]) {
    value.extend_from_slice(&u32::try_from(leaf.len()).unwrap_or(u32::MAX).to_be_bytes());
    value.extend_from_slice(leaf);
}

/// Whether another leaf fits into a value that is not to be longer than `most` bytes.
pub fn fits(value: &[u8], leaf: &[u8], most: usize) -> bool {
    value.len() + 4 + leaf.len() <= most
}

/// The leaves one by one; `None` stands for what was cut short, and ends them.
pub fn leaves(mut value: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if value.is_empty() {
            return None;
        }
        let Some((leaf, rest)) = first(value) else {
            value = &[];
            return Some(None);
        };
        value = rest;
        Some(Some(leaf))
    })
}

fn first(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = value.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
