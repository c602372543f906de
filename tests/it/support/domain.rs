//! Files of the shared domain folder: `../shared/domain`, or where `CERTLESS_DOMAIN` points.

use std::path::PathBuf;

use serde_json::Value;

/// One JSON file of the folder; `None`, said aloud, where the folder is not there. A folder without the file fails.
#[expect(clippy::disallowed_methods, reason = "a test may be told where its data lies")]
pub(crate) fn read(name: &str) -> Option<Value> {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/domain");
    let folder = std::env::var("CERTLESS_DOMAIN").map_or_else(|_| default(), PathBuf::from);
    if !folder.is_dir() {
        eprintln!("SKIPPED {name}: no folder {} (set CERTLESS_DOMAIN)", folder.display());
        return None;
    }
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}
