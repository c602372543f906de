//! The files that pages load: our own modules, styles and texts, and the libraries from npm, embedded by `build.rs`.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::extract::Path;

/// One embedded file.
pub(super) struct Asset {
    /// The path below `/assets/`.
    pub(super) path: &'static str,
    /// The media type.
    media: &'static str,
    /// The entity tag: quoted, from the SHA-256 of the content.
    pub(super) tag: &'static str,
    /// The content.
    bytes: &'static [u8],
}

/// Every embedded file, sorted by path.
pub(super) static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of a path below `/assets/`.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|at| ASSETS.get(at))
}

/// `GET /assets/{path}`: kept by the browser and asked for again by its tag.
pub(super) async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match find(&path) {
        Some(asset) => asset.answer(&headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    /// The content as text; only for files that are text.
    pub(super) fn text(&self) -> &'static str {
        std::str::from_utf8(self.bytes).unwrap_or_default()
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let caching = [(ETAG, self.tag), (CACHE_CONTROL, "no-cache")];
        if known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == self.tag) {
            return (StatusCode::NOT_MODIFIED, caching).into_response();
        }
        (caching, [(CONTENT_TYPE, self.media)], Body::from(self.bytes)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_path_alone() {
        for path in ["certless.css", "wallet/main.js", "vendor/preact.mjs", "vendor/zxing/reader.wasm", "text/zh.json"]
        {
            assert!(find(path).is_some_and(|asset| asset.path == path && !asset.bytes.is_empty()), "{path}");
        }
        for path in ["", "package.json", "package-lock.json", ".npmrc", "../assets.rs", "wallet/"] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn libraries_import_by_path_and_bring_their_licences() {
        for asset in ASSETS.iter().filter(|asset| asset.media.starts_with("text/javascript")) {
            for statement in asset.text().split(['\n', ';']).filter(|line| line.trim_start().starts_with("import")) {
                let Some((_, from)) = statement.rsplit_once("from") else { continue };
                let name = from.trim().trim_matches(['"', '\'']);
                assert!(name.starts_with(['.', '/']), "{}: imports {name:?}", asset.path);
            }
        }
        let licences = find("licences.txt").unwrap().text();
        for name in ["==== preact", "==== htm", "==== qr", "==== zxing-wasm", "Apache License", "MIT"] {
            assert!(licences.contains(name), "{name}");
        }
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let asset = find("certless.css").unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(asset.answer(&headers).status(), 200);
        headers.insert(IF_NONE_MATCH, asset.tag.parse().unwrap());
        assert_eq!(asset.answer(&headers).status(), 304);
        headers.insert(IF_NONE_MATCH, "\"other\"".parse().unwrap());
        assert_eq!(asset.answer(&headers).status(), 200);
    }
}
