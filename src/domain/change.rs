//! What is written: rows of named tables, status slots and log leaves that stand or fall together.
//!
//! Data only; the domain encodes records and decides, an adapter keeps the rows. It is not a query language: a record
//! is found by its key or by the key of an index row.

use crate::base::id::{ListId, RequestId};

/// Longest key, bytes.
pub const MAX_KEY: usize = 512;
/// Longest value of a row, bytes; larger things are split by the domain.
pub const MAX_VALUE: usize = 64 * 1024;
/// Most writes, expectations, status writes or leaves (each) of one change.
pub const MAX_PARTS: usize = 1024;
/// Slots of one status list.
pub const LIST_SLOTS: u32 = crate::vc::status::SLOTS;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $text:literal;)+) => {
        /// A table of rows. A number and a name, once given, are never reused: exports of old versions carry them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Table { $($(#[$doc])* $name = $id,)+ }

        impl Table {
            /// Every table, in the order of an export.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name in exports, logs and errors.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The number in keys of adapters that keep all tables in one, 1..=99.
            pub const fn id(self) -> u8 {
                match self { $(Self::$name => $id,)+ }
            }
        }
    };
}

tables! {
    /// Issued credentials. Key: agency, 0, identifier.
    Credential = 1, "credential";
    /// Index: identifier → credential key.
    CredentialById = 2, "credential_by_id";
    /// Unique licence numbers. Index: type, 0, number → credential key.
    Licence = 3, "licence";
    /// Index: holder tag (keyed digest), 0, credential key → credential key.
    HolderIndex = 4, "holder_index";
    /// Index: type, 0, credential key → credential key.
    TypeIndex = 5, "type_index";
    /// Index: agency, 0, issuing time, 0, identifier → credential key.
    AgencyIndex = 6, "agency_index";
    /// Secured copies of one credential (SD-JWT copies, compact views). Key: credential key, 0, form.
    CredentialForm = 7, "credential_form";
    /// Applications (办件). Key: agency, 0, case number.
    Application = 10, "application";
    /// Index: receipt token digest → application key.
    ReceiptToken = 11, "receipt_token";
    /// Index: case number → application key.
    CaseNumber = 12, "case_number";
    /// Index: applicant tag, 0, application key → application key.
    ApplicantIndex = 13, "applicant_index";
    /// Counters of case numbers and the like. Key: agency, 0, purpose.
    Counter = 14, "counter";
    /// Nonces and challenges handed out or used up; expiring.
    Nonce = 20, "nonce";
    /// Presented codes already accepted; expiring.
    Replay = 21, "replay";
    /// Open presentation requests, offers and sessions; expiring.
    Session = 22, "session";
    /// Digests of bearer tokens.
    Token = 23, "token";
    /// Staff accounts. Key: the account's name.
    Account = 24, "account";
    /// Actions that wait for a second person, or were decided not long ago; expiring. Key: agency, 0, identifier.
    Pending = 25, "pending";
    /// Agencies as the city knows them.
    Agency = 30, "agency";
    /// Published credential types and their versions.
    Type = 31, "type";
    /// Published matters and their versions.
    Matter = 32, "matter";
    /// Public keys with their validity and marks; never a secret.
    Key = 33, "key";
    /// Versions of the signed trust registry.
    Trust = 34, "trust";
    /// Settings that change while the city runs.
    Config = 35, "config";
    /// Audit events. Key: agency, 0, time, 0, event.
    Audit = 40, "audit";
    /// Uses of credentials (用证记录). Index: whose (holder tag, key, case or credential), 0, time from the end, 0, agency,
    /// 0, random → use record key.
    UseIndex = 41, "use_index";
    /// Rows of batches already issued. Key: agency, 0, row key of the caller.
    ImportRow = 42, "import_row";
    /// Use records (用证记录), the newest first. Key: agency, 0, time from the end, 0, random.
    UseRecord = 43, "use_record";
    /// The last use record of each chain. Key: agency, 0, chain.
    UseChain = 44, "use_chain";
    /// What belongs to a case: presentations as received, annotated copies. Key: agency, 0, case, 0, kind, 0, name, 0, part.
    CaseFile = 45, "case_file";
    /// Objections to use records. Key: as of the record.
    Objection = 46, "objection";
    /// Open objections by the day they are due. Index: day, 0, objection key → objection key.
    ObjectionDue = 47, "objection_due";
    /// Status lists as they were published when a case relied on them, once each. Key: SHA-256 (hexadecimal), 0, part.
    KeptList = 48, "kept_list";
    /// What log entries are found by. Key: the digest in the entry → its place; `next` → how far the log is indexed.
    LogDigest = 50, "log_digest";
    /// Logs of others that this city witnesses. Key: origin.
    WitnessedLog = 51, "witnessed_log";
    /// The latest tree of each of them that was cosigned. Key: origin.
    WitnessedTree = 52, "witnessed_tree";
    /// The witnesses of the city's own log. Key: the witness's name.
    Witness = 53, "witness";
    /// Checkpoints of the city's own log that its witnesses cosigned. Key: size.
    Cosigned = 54, "cosigned";
    /// Other cities whose agencies are believed for named types. Key: the city's DID.
    Partner = 55, "partner";
    /// What was fetched from them, in parts. Key: DID, 0, `v` and version or `s` and digest of the address, 0, part.
    PartnerDocument = 56, "partner_document";
    /// How far the journals of verifiers without a network are reconciled. Key: journal.
    Journal = 57, "journal";
    /// What became of each entry. Key: time counted down, 0, journal, 0, number.
    Reconciled = 58, "reconciled";
    /// Where something was accepted without a network. Key: keyed digest.
    OfflineUse = 59, "offline_use";
    /// Ratings of decided cases, one each. Key: as the application's.
    Rating = 70, "rating";
    /// How many ratings of each grade an agency has. Key: agency.
    RatingTally = 71, "rating_tally";
}

impl Table {
    /// The table whose row's key every value of this one is, if this is an index.
    pub const fn points_to(self) -> Option<Self> {
        match self {
            Self::CredentialById | Self::Licence | Self::HolderIndex | Self::TypeIndex | Self::AgencyIndex => {
                Some(Self::Credential)
            }
            Self::ReceiptToken | Self::CaseNumber | Self::ApplicantIndex => Some(Self::Application),
            Self::UseIndex => Some(Self::UseRecord),
            Self::ObjectionDue => Some(Self::Objection),
            Self::Credential
            | Self::CredentialForm
            | Self::Application
            | Self::Counter
            | Self::Nonce
            | Self::Replay
            | Self::Session
            | Self::Token
            | Self::Account
            | Self::Pending
            | Self::Agency
            | Self::Type
            | Self::Matter
            | Self::Key
            | Self::Trust
            | Self::Config
            | Self::Audit
            | Self::ImportRow
            | Self::UseRecord
            | Self::UseChain
            | Self::CaseFile
            | Self::Objection
            | Self::KeptList
            | Self::LogDigest
            | Self::WitnessedLog
            | Self::WitnessedTree
            | Self::Witness
            | Self::Cosigned
            | Self::Partner
            | Self::PartnerDocument
            | Self::Journal
            | Self::Reconciled
            | Self::OfflineUse
            | Self::Rating
            | Self::RatingTally => None,
        }
    }

    /// Whether every record has exactly one row in this index, so that the numbers of rows must be equal.
    pub const fn covers(self) -> bool {
        matches!(self, Self::CredentialById | Self::AgencyIndex | Self::CaseNumber)
    }

    /// Whether rows begin with their end of life ([`expiring`]) and are swept away after it.
    pub const fn expires(self) -> bool {
        matches!(self, Self::Nonce | Self::Replay | Self::Session | Self::Pending)
    }

    /// The table of a name; `None` for a name of no table.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|table| table.name() == name)
    }
}

/// The value of a row in an [expiring](Table::expires) table: kept until `until` (Unix seconds), then `rest`.
pub fn expiring(until: i64, rest: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(8 + rest.len());
    value.extend_from_slice(&until.to_be_bytes());
    value.extend_from_slice(rest);
    value
}

/// Takes apart what [`expiring`] put together; `None` when it is shorter than a time.
pub fn until(value: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = value.split_first_chunk()?;
    Some((i64::from_be_bytes(*head), rest))
}

/// One row as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The [`Receipt::version`] of the change that wrote it; never the same for two contents of a key.
    pub version: u64,
    /// The bytes as written.
    pub value: Vec<u8>,
}

/// Rows in key order and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys with their rows, ascending by bytes.
    pub rows: Vec<(Vec<u8>, Row)>,
    /// Present when there may be more: the `after` of the next call.
    pub next: Option<Vec<u8>>,
}

/// What must hold for a change to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The table.
    pub table: Table,
    /// The key.
    pub key: Vec<u8>,
    /// What must be found there.
    pub found: Found,
}

/// What an expectation wants to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No row; [`StoreError::Duplicate`](super::ports::StoreError::Duplicate) otherwise.
    Absent,
    /// Any row; [`StoreError::NotFound`](super::ports::StoreError::NotFound) otherwise.
    Present,
    /// The row of this version; `NotFound` or [`StoreError::Conflict`](super::ports::StoreError::Conflict) otherwise.
    Version(u64),
}

/// One row to put or delete. Of two writes to one key in a change the later stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The table.
    pub table: Table,
    /// The key, at most [`MAX_KEY`] bytes.
    pub key: Vec<u8>,
    /// The new value, at most [`MAX_VALUE`] bytes; `None` deletes.
    pub value: Option<Vec<u8>>,
}

pub use crate::vc::status::Status;

/// A status slot that changes. A store refuses to change a revoked slot whatever is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusWrite {
    /// The list.
    pub list: ListId,
    /// The slot, below [`LIST_SLOTS`].
    pub idx: u32,
    /// What the slot must be now.
    pub expect: Status,
    /// What it becomes.
    pub to: Status,
}

/// The slots of a list that are not valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusEntries {
    /// Grows with every change of the list; 0 for a list nothing happened to. The entries are at least as new.
    pub version: u64,
    /// Slot and status, ascending by slot.
    pub entries: Vec<(u32, Status)>,
}

/// One entry for the log: hashes and public facts, never personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What RFC 6962 calls the leaf input; at most [`MAX_VALUE`] bytes.
    pub bytes: Vec<u8>,
}

/// Everything one use case writes: all of it, or none.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Asked twice with the same body, a change is done once and answered twice.
    pub request: RequestId,
    /// SHA-256 of what was asked; another body under the same request is a conflict.
    pub body: [u8; 32],
    /// Checked against the rows before this change.
    pub expect: Vec<Expect>,
    /// Rows.
    pub writes: Vec<Write>,
    /// Status slots.
    pub status: Vec<StatusWrite>,
    /// Log entries, queued in this order.
    pub leaves: Vec<Leaf>,
    /// What the same request gets again, at most [`MAX_VALUE`] bytes.
    pub receipt: Vec<u8>,
}

impl Change {
    /// An empty change for a request whose body has this SHA-256.
    pub fn new(request: RequestId, body: [u8; 32]) -> Self {
        Self {
            request,
            body,
            expect: Vec::new(),
            writes: Vec::new(),
            status: Vec::new(),
            leaves: Vec::new(),
            receipt: Vec::new(),
        }
    }

    /// Adds a row that must be new.
    pub fn insert(mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        self.expect.push(Expect { table, key: key.clone(), found: Found::Absent });
        self.put(table, key, value)
    }

    /// Replaces the row read at `version`.
    pub fn update(mut self, table: Table, key: impl Into<Vec<u8>>, version: u64, value: impl Into<Vec<u8>>) -> Self {
        let key = key.into();
        self.expect.push(Expect { table, key: key.clone(), found: Found::Version(version) });
        self.put(table, key, value)
    }

    /// Writes a row whatever was there.
    pub fn put(mut self, table: Table, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.writes.push(Write { table, key: key.into(), value: Some(value.into()) });
        self
    }

    /// Deletes the row read at `version`.
    pub fn delete(mut self, table: Table, key: impl Into<Vec<u8>>, version: u64) -> Self {
        let key = key.into();
        self.expect.push(Expect { table, key: key.clone(), found: Found::Version(version) });
        self.writes.push(Write { table, key, value: None });
        self
    }

    /// Moves a status slot.
    pub fn status(mut self, list: ListId, idx: u32, expect: Status, to: Status) -> Self {
        self.status.push(StatusWrite { list, idx, expect, to });
        self
    }

    /// Queues a log entry.
    pub fn leaf(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.leaves.push(Leaf { bytes: bytes.into() });
        self
    }

    /// Sets what the request is answered, now and when it is asked again.
    pub fn receipt(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.receipt = bytes.into();
        self
    }
}

/// The answer to a durable change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The version of every row the change wrote; grows from change to change.
    pub version: u64,
    /// [`Change::receipt`] of the first time.
    pub bytes: Vec<u8>,
    /// Whether this request had been applied before.
    pub repeated: bool,
}
