//! Integrity of referenced documents (SD-JWT VC, section "Integrity of Referenced Documents"): `vct#integrity`.
//!
//! The value is the "integrity metadata" of W3C Subresource Integrity section 3: hash expressions between white space.

use crate::base::bytes::from_base64;
use crate::crypto::digest::{sha256, sha384, sha512};
use crate::vc::finding::{Check, Code, Finding};

/// Requires that a document has one of the digests of the strongest algorithm named.
///
/// Metadata without any algorithm that we support is invalid, as the specification says.
pub fn check_document(metadata: &str, document: &[u8]) -> Result<(), Finding> {
    let expressions: Vec<(usize, Vec<u8>)> = metadata.split_ascii_whitespace().filter_map(expression).collect();
    let strongest = expressions.iter().map(|(bits, _)| *bits).max();
    let digest: Vec<u8> = match strongest {
        Some(512) => sha512(document).to_vec(),
        Some(384) => sha384(document).to_vec(),
        Some(_) => sha256(document).to_vec(),
        None => return Err(mismatch("the integrity metadata names no supported algorithm")),
    };
    if expressions.iter().any(|(bits, expected)| Some(*bits) == strongest && *expected == digest) {
        return Ok(());
    }
    Err(mismatch("the document has another digest than the credential says"))
}

/// `sha256-<base64>` with options behind `?`, as the digest's length in bits and the digest.
fn expression(text: &str) -> Option<(usize, Vec<u8>)> {
    let (hash, _options) = text.split_once('?').unwrap_or((text, ""));
    let (algorithm, digest) = hash.split_once('-')?;
    let bits = match algorithm {
        "sha256" => 256,
        "sha384" => 384,
        "sha512" => 512,
        _ => return None,
    };
    from_base64(digest).ok().map(|digest| (bits, digest))
}

fn mismatch(detail: &str) -> Finding {
    Finding::invalid(Check::Schema, Code::RelatedResourceMismatch, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::base64;

    #[test]
    fn the_strongest_algorithm_decides() {
        let good = |document: &[u8]| format!("sha512-{}", base64(&sha512(document)));
        let weak = format!("sha256-{}", base64(&sha256(b"document")));
        assert_eq!(check_document(&weak, b"document"), Ok(()));
        assert_eq!(check_document(&format!("{weak}?a=b {}", good(b"document")), b"document"), Ok(()));
        assert!(check_document(&format!("{weak} {}", good(b"other")), b"document").is_err());
        assert!(check_document(&format!("{} {}", good(b"other"), good(b"document")), b"document").is_ok());
        for nothing in ["", "md5-AAAA", "sha256-!", "sha256"] {
            assert_eq!(check_document(nothing, b"document").unwrap_err().code, Code::RelatedResourceMismatch);
        }
    }
}
