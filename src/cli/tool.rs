//! `certless tool OP`: the building blocks by themselves, JSON lines in and out.
//!
//! One JSON object a line on the standard input, one answer a line on the standard output, in the same order:
//! `{"ok":true,…}`, or `{"ok":false,"state":"invalid"|"error","code":…,"detail":…}`, where `error` means that it could
//! not be decided. Empty lines are passed over. For other programs, test suites and curious people; what the members of
//! each operation are is in [`MEMBERS`], which `--help` prints. Nothing here reads a key store or a city's data.

mod formats;
mod input;
mod schemas;
mod signatures;

use std::io::{self, BufRead, Read as _, Write};

use clap::ValueEnum;

use crate::base::clock::Clock;
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::base::time::Timestamp;
use crate::crypto::KeyError;
use crate::vc::finding::{Finding, State};

/// The input and output members of every operation.
pub const MEMBERS: &str = "\
One JSON object a line in, one answer a line out: {\"ok\":true,…} or
{\"ok\":false,\"state\":\"invalid\"|\"error\",\"code\":…,\"detail\":…}; error: could not be decided.

KEY is a member jwk (public JWK), multikey (z…) or key (hexadecimal: 32 bytes of
Ed25519, or a SEC1 point of P-256). MESSAGE is message (hexadecimal) or text (UTF-8).
TIME is now (2026-03-01T00:00:00Z); the machine's clock where it is absent.

  jcs              document (any JSON) or text (JSON to be read strictly)
                   → canonical, sha256 (hexadecimal)
  rdfc             document (JSON-LD), contexts? (object: URL → context; those of the
                   specifications are known, none is fetched)
                   → canonical (N-Quads of RDFC-1.0), sha256
  ed25519-verify   KEY, MESSAGE, signature (hexadecimal or base64url)
  p256-verify      KEY, MESSAGE, signature (r and s, 64 bytes)
  jws-verify       KEY, jws, typ? → header, claims (payload as base64url where it
                   is no JSON object)
  sd-jwt-verify    KEY of the issuer, presentation (text, or an object in the JWS
                   JSON serialization), nonce?, aud?, binding? (true: required, as
                   when nonce or aud is given), TIME
                   → header, claims, disclosed (claim paths), withheld (digests
                   without disclosure), binding (nonce, aud, iat) or null
  status-decode    statusList (object with bits and lst), encodedList (of a
                   Bitstring Status List; statusSize? 1) or token (JWT), KEY for
                   token; index?
                   → entries, status (at index), set ([index, status], first 1,000)
  schema-validate  document, and either type (idCard) with part? (credential,
                   subject or disclosed) or schema with documents? (object: $id →
                   schema); the city's formats are known
                   → problems (path, keyword, member) where it answers no
";

/// The operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Op {
    /// The canonical form of RFC 8785.
    Jcs,
    /// The canonical N-Quads of RDFC-1.0.
    Rdfc,
    /// An Ed25519 signature, by the strict rule.
    Ed25519Verify,
    /// An ES256 signature.
    P256Verify,
    /// A compact JWS.
    JwsVerify,
    /// An SD-JWT or SD-JWT+KB; the rules of SD-JWT VC where its type says so.
    SdJwtVerify,
    /// A status list.
    StatusDecode,
    /// A document against a schema.
    SchemaValidate,
}

impl Op {
    fn perform(self, input: &Map, now: Timestamp) -> Result<Map, Refusal> {
        match self {
            Self::Jcs => formats::jcs(input),
            Self::Rdfc => formats::rdfc(input),
            Self::Ed25519Verify => signatures::ed25519(input),
            Self::P256Verify => signatures::p256(input),
            Self::JwsVerify => signatures::jws(input),
            Self::SdJwtVerify => formats::sd_jwt(input, now),
            Self::StatusDecode => formats::status(input),
            Self::SchemaValidate => schemas::validate(input),
        }
    }

    /// The answer to one line; never panics, whatever the line is.
    pub fn answer(self, line: &[u8], now: Timestamp) -> Map {
        let outcome = parse_object(line, &Limits::DEFAULT).map_err(Refusal::from);
        let outcome = outcome.and_then(|input| {
            let now = input::time(&input, now)?;
            self.perform(&input, now)
        });
        match outcome {
            Ok(mut answer) => {
                answer.insert("ok".to_owned(), true.into());
                answer
            }
            Err(refusal) => refusal.into_answer(),
        }
    }
}

/// Answers line after line until the input ends; fails only when reading or writing does.
pub fn run(op: Op, mut input: impl BufRead, mut output: impl Write, clock: &dyn Clock) -> io::Result<()> {
    // One byte more than the longest line that is read, and its end.
    let limit = u64::try_from(Limits::DEFAULT.bytes).unwrap_or(u64::MAX).saturating_add(2);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if !line.ends_with(b"\n") {
            // Too long, or the last line: the rest of it is passed over, so that answers stay in step.
            input.skip_until(b'\n')?;
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            writeln!(output, "{}", Value::Object(op.answer(text, clock.now())))?;
            output.flush()?;
        }
    }
}

/// Why an operation answers no.
struct Refusal {
    state: State,
    code: &'static str,
    detail: String,
    problems: Option<Value>,
}

impl Refusal {
    fn new(state: State, code: &'static str, detail: impl Into<String>) -> Self {
        Self { state, code, detail: detail.into(), problems: None }
    }

    fn input(detail: impl Into<String>) -> Self {
        Self::new(State::Invalid, "input_malformed", detail)
    }

    fn into_answer(self) -> Map {
        let members = [
            ("ok", Some(Value::Bool(false))),
            ("state", Some(self.state.name().into())),
            ("code", Some(self.code.into())),
            ("detail", Some(self.detail.into())),
            ("problems", self.problems),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl From<Finding> for Refusal {
    fn from(finding: Finding) -> Self {
        Self::new(finding.state, finding.code.as_str(), finding.detail)
    }
}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        Self::new(State::Invalid, error.code, error.detail)
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        let (state, code) = match error {
            KeyError::Unsupported => (State::Error, "key_unsupported"),
            KeyError::Malformed(_) => (State::Invalid, "key_malformed"),
            KeyError::Weak => (State::Invalid, "key_weak"),
        };
        Self::new(state, code, error.to_string())
    }
}

#[cfg(test)]
mod tests;
