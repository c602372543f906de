//! Published test vectors: `../shared/vectors`, or where `CERTLESS_VECTORS` points.

use std::path::PathBuf;

use serde_json::Value;

/// The folder of vectors; `None`, said aloud, where it is not there.
#[expect(clippy::disallowed_methods, reason = "a test may be told where its data lies")]
pub(crate) fn folder() -> Option<PathBuf> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let folder = std::env::var("CERTLESS_VECTORS").map_or_else(|_| default(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no folder {} (set CERTLESS_VECTORS)", folder.display());
    None
}

/// The text of a file; `None` where the folder of vectors is not there, a panic where only the file is missing.
pub(crate) fn text(name: &str) -> Option<String> {
    let path = folder()?.join(name);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// A JSON file, as [`text`].
pub(crate) fn json(name: &str) -> Option<Value> {
    text(name).map(|text| serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// Whether a file is there; some examples have fewer files than others.
pub(crate) fn has(name: &str) -> bool {
    folder().is_some_and(|folder| folder.join(name).is_file())
}
