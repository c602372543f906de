//! The sections of the configuration and their defaults.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::city::rules::{AbroadRules, SessionRules, UseRules, WitnessRules};

const MIB: u64 = 1024 * 1024;

/// What may be fetched from others; nothing unless hosts are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Fetch {
    /// `host`, `host:port`, `host:*`, `*.host` or `*`.
    pub hosts: Vec<String>,
    /// Whether this machine itself may be asked, also over plain http.
    pub loopback: bool,
    /// Whether private networks may be asked.
    pub private: bool,
    /// Longest time for one document, in seconds.
    pub seconds: u32,
    /// Longest document, in bytes.
    pub bytes: u64,
    /// Most redirects.
    pub redirects: u8,
    /// Files with the certificate authorities to trust, PEM; the public ones when none is named.
    pub authorities: Vec<PathBuf>,
}

impl Default for Fetch {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            loopback: false,
            private: false,
            seconds: 5,
            bytes: MIB,
            redirects: 3,
            authorities: Vec::new(),
        }
    }
}

/// How much one caller may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Longest JSON or text body, in bytes.
    pub body_bytes: usize,
    /// Longest uploaded file, in bytes.
    pub upload_bytes: usize,
    /// Most rows of one batch.
    pub batch_rows: usize,
    /// Longest time for one request, in seconds.
    pub request_seconds: u32,
    /// Proxies of our own before this server; their `X-Forwarded-For` tells who calls.
    pub proxies: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            upload_bytes: 8 * 1024 * 1024,
            batch_rows: 10_000,
            request_seconds: 30,
            proxies: 0,
        }
    }
}

/// The accounts of the staff: sessions, and what needs a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Staff {
    /// Longest time without activity before a session ends, in seconds.
    pub idle_seconds: u32,
    /// Longest time of a session, in seconds.
    pub session_seconds: u32,
    /// What needs a second person.
    pub four_eyes: FourEyes,
}

impl Default for Staff {
    fn default() -> Self {
        let sessions = SessionRules::default();
        Self { idle_seconds: sessions.idle, session_seconds: sessions.absolute, four_eyes: FourEyes::default() }
    }
}

/// Credential types whose issuing or change needs a second person: type codes, `*` for every type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FourEyes {
    /// Types issued by two.
    pub issue: Vec<String>,
    /// Types suspended by two.
    pub suspend: Vec<String>,
    /// Types reinstated by two.
    pub reinstate: Vec<String>,
    /// Types revoked by two.
    pub revoke: Vec<String>,
    /// How long an action waits for the second person, in hours.
    pub hours: u32,
}

impl Default for FourEyes {
    fn default() -> Self {
        let none = Vec::new;
        Self { issue: none(), suspend: none(), reinstate: none(), revoke: none(), hours: 72 }
    }
}

/// What is written about the running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// Levels by module, as `info,certless=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::default(), filter: "info,sled=warn,ureq=warn".to_owned() }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Plain lines for people.
    #[default]
    Text,
}

/// The embedded store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Store {
    /// Memory for the cache, in bytes.
    pub cache_bytes: u64,
    /// Free disk space below which nothing is written any more, in bytes.
    pub free_bytes: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { cache_bytes: 128 * MIB, free_bytes: 256 * MIB }
    }
}

/// HTTPS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Tls {
    /// Whether HTTPS is spoken with the certificate of `certless tls init`.
    pub enabled: bool,
    /// A certificate chain of one's own, PEM; spoken with instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Whether a machine in front speaks TLS, so that plain HTTP comes from it.
    pub proxied: bool,
}

impl Tls {
    /// Whether HTTPS is spoken here.
    pub fn is_spoken(&self) -> bool {
        self.enabled || self.certificate.is_some()
    }
}

/// Objections to uses of licences (提出异议), and single-use copies of what was shown (加注件).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Uses {
    /// Working days within which an objection is answered.
    pub objection_days: u16,
    /// Days for which a copy is good, at most.
    pub copy_days: u16,
}

impl Default for Uses {
    fn default() -> Self {
        let rules = UseRules::default();
        Self { objection_days: rules.objection_days, copy_days: rules.copy_days }
    }
}

/// The witnesses of the log; who they are stands in the store (`certless witness`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Witnesses {
    /// How many must have cosigned before a checkpoint counts as witnessed.
    pub quorum: u32,
    /// Whether served checkpoints now and then carry a signature line that nobody knows, so that readers ignore it.
    pub grease: bool,
}

impl Default for Witnesses {
    fn default() -> Self {
        let rules = WitnessRules::default();
        Self { quorum: rules.quorum, grease: rules.grease }
    }
}

/// How the trust registries of other cities are relied on; which cities, `certless trust` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Trust {
    /// How often they are asked for newer versions, in seconds.
    pub update_seconds: u32,
    /// How long one is relied on that could not be asked for, in hours.
    pub max_age_hours: u32,
}

impl Default for Trust {
    fn default() -> Self {
        let rules = AbroadRules::default();
        Self { update_seconds: rules.every, max_age_hours: rules.max_age / 3_600 }
    }
}
