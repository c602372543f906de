//! The tables of the rules. A new dependency gets a row in [`CRATES`]; a new layer one in [`LAYERS`].

/// The layers with their heights; layers of one height do not know each other.
pub(super) const LAYERS: &[(&str, u8)] = &[
    ("base", 0),
    ("crypto", 1),
    ("tlog", 2),
    ("did", 2),
    ("vc", 3),
    ("wire", 4),
    ("domain", 5),
    ("adapters", 6),
    ("http", 7),
    ("ui", 8),
    ("app", 9),
    ("cli", 10),
    ("manual", 11),
];

/// Everywhere: values that carry no behaviour of their own.
const ANY: &[&str] = &[""];
const BASE: &[&str] = &["base/"];
const CRYPTO: &[&str] = &["crypto/"];
const VC: &[&str] = &["vc/"];
const WIRE: &[&str] = &["wire/"];
const TEXT: &[&str] = &["vc/", "wire/"];
const TABLES: &[&str] = &["wire/", "cli/"];
const WEB: &[&str] = &["http/", "ui/", "app/"];
const APP: &[&str] = &["app/"];
const CLI: &[&str] = &["cli/"];
const RUNNING: &[&str] = &["adapters/", "http/", "ui/", "app/", "cli/"];

/// Outside crates by the beginning of the paths that may name them.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("aes_gcm", CRYPTO),
    ("anyhow", CLI),
    ("argon2", CRYPTO),
    ("axum", WEB),
    ("axum_server", APP),
    ("base45", BASE),
    ("base64", BASE),
    ("calamine", TABLES),
    ("chacha20poly1305", CRYPTO),
    ("clap", CLI),
    ("crc32fast", &["adapters/store"]),
    ("csv", TABLES),
    ("curve25519_dalek", CRYPTO),
    ("ed25519_dalek", CRYPTO),
    ("encoding_rs", TEXT),
    ("flate2", VC),
    ("futures_util", WEB),
    ("getrandom", BASE),
    ("hex", BASE),
    ("hkdf", CRYPTO),
    ("hmac", CRYPTO),
    ("hyper_util", APP),
    ("image", WIRE),
    ("indicatif", CLI),
    ("jiff", ANY),
    ("jsonschema", VC),
    ("metrics", RUNNING),
    ("metrics_exporter_prometheus", APP),
    ("mimalloc", &["main.rs"]),
    ("minicbor", VC),
    ("oxjsonld", VC),
    ("oxrdf", VC),
    ("p256", CRYPTO),
    ("pinyin", &["domain/"]),
    ("qrcode", WIRE),
    ("rcgen", &["adapters/"]),
    ("resvg", WIRE),
    ("rustix", &["adapters/"]),
    ("rustls", APP),
    ("rxing", WIRE),
    ("ryu_js", BASE),
    ("serde", ANY),
    ("serde_json", ANY),
    ("sha2", CRYPTO),
    ("sled", &["adapters/store"]),
    ("ssi_contexts", VC),
    ("subtle", CRYPTO),
    ("tokio", WEB),
    ("totp_rs", CRYPTO),
    ("tower", WEB),
    ("tower_http", WEB),
    ("tracing", RUNNING),
    ("tracing_subscriber", APP),
    ("ureq", &["adapters/fetch", "adapters/client"]),
    ("zeroize", ANY),
];

/// Where files, environment, network, processes may be touched.
pub(super) const OUTSIDE_WORLD: &[&str] = &["adapters", "app", "cli"];
/// Addresses are values; naming them opens no connection.
pub(super) const ADDRESSES: &[&str] = &["IpAddr", "Ipv4Addr", "Ipv6Addr", "SocketAddr", "AddrParseError"];
pub(super) const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];
/// The commands, and the log that goes to the standard error output.
pub(super) const TERMINAL: &[&str] = &["cli/", "app/telemetry"];
pub(super) const LONGEST_FILE: usize = 600;
pub(super) const LONGEST_HANDLER: usize = 25;
/// Words of unfinished work.
pub(super) const UNFINISHED: &[&str] = &["TODO", "FIXME", "todo!", "unimplemented!"];
