//! Inflating with a bound: a list never grows beyond what its reader allows, however small it arrives.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

/// Most bytes a list may inflate to: 32 million one-bit entries.
pub(super) const MAX_INFLATED: usize = 4 << 20;

/// GZIP (RFC 1952), without name or time, so that equal bits give equal bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// ZLIB (RFC 1950).
pub(super) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// The bytes of a GZIP stream; the text says what was wrong.
pub(super) fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    bounded(MultiGzDecoder::new(bytes))
}

/// The bytes of a ZLIB stream; the text says what was wrong. Bytes after the stream are refused.
pub(super) fn unzlib(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut decoder = ZlibDecoder::new(bytes);
    let out = bounded(&mut decoder)?;
    if usize::try_from(decoder.total_in()).ok() == Some(bytes.len()) {
        Ok(out)
    } else {
        Err("bytes after the compressed list")
    }
}

fn bounded(decoder: impl Read) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    let limit = u64::try_from(MAX_INFLATED).unwrap_or(u64::MAX).saturating_add(1);
    decoder.take(limit).read_to_end(&mut out).map_err(|_| "the compressed list is malformed")?;
    if out.len() > MAX_INFLATED { Err("the list inflates beyond 4 MiB") } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_round_trip() {
        let bytes = b"status".repeat(1000);
        assert_eq!(gunzip(&gzip(&bytes)).unwrap(), bytes);
        assert_eq!(unzlib(&zlib(&bytes)).unwrap(), bytes);
        assert_eq!(gzip(&bytes), gzip(&bytes));
    }

    #[test]
    fn a_bomb_stops_at_the_bound() {
        let bomb = vec![0; MAX_INFLATED + 1];
        assert_eq!(gunzip(&gzip(&bomb)), Err("the list inflates beyond 4 MiB"));
        assert_eq!(unzlib(&zlib(&bomb)), Err("the list inflates beyond 4 MiB"));
        assert_eq!(unzlib(&zlib(&bomb[1..])).map(|out| out.len()), Ok(MAX_INFLATED));
    }

    #[test]
    fn damaged_streams_are_refused() {
        let mut stream = zlib(b"0123456789");
        assert_eq!(unzlib(&stream[..stream.len() - 1]), Err("the compressed list is malformed"));
        stream.push(0);
        assert_eq!(unzlib(&stream), Err("bytes after the compressed list"));
        assert!(gunzip(b"").is_err() && unzlib(b"").is_err());
    }
}
