//! Sessions: an opaque token in a cookie, kept as a keyed digest, with an idle and an absolute end.
//!
//! Activity moves the idle end, in steps of a twenty-fourth of it, so that a busy page does not write with each call. A
//! session ends early when the account's epoch moves: its password was changed or reset, it was disabled, or an
//! administrator ended its sessions.

use serde::{Deserialize, Serialize};

use super::record::Account;
use crate::base::bytes::{base64url, hex};
use crate::base::id::AccountName;
use crate::base::random::bytes;
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::crypto::digest::{hmac_sha256, sha256};
use crate::crypto::equal;
use crate::domain::change::{Change, Row, Table, Write, expiring, until};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::record;
use crate::domain::token::Caller;

/// What every session's token begins with.
pub const PREFIX: &str = "cs_";

/// A session as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    account: AccountName,
    epoch: u64,
    started: Timestamp,
    seen: Timestamp,
}

/// A session in use.
#[derive(Clone)]
pub struct Session {
    /// The token, as the cookie holds it.
    pub token: Secret<String>,
    /// Whose it is.
    pub account: Account,
    /// What state-changing calls repeat in a header.
    pub csrf: String,
    /// When it ends without activity.
    pub idle_until: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
}

impl Session {
    /// The session as a caller of every interface.
    pub fn caller(&self) -> Result<Caller, Error> {
        let head = &self.account.head;
        let role = head.role.as_caller(head.agency.as_ref());
        Ok(Caller {
            role: role.ok_or_else(|| Error::corrupt("an account without its agency"))?,
            label: head.account.to_string(),
            created: rfc3339(head.created),
            person: Some(self.account.person()),
        })
    }

    /// Whether this is what the page was given to repeat.
    pub fn has_csrf(&self, given: &str) -> bool {
        equal(self.csrf.as_bytes(), given.as_bytes())
    }
}

impl City {
    /// Adds a new session of an account to a change.
    pub(super) fn begin_session(&self, change: Change, account: Account) -> Result<(Change, Session), Error> {
        let token = Secret::new(format!("{PREFIX}{}", base64url(&bytes::<32>(self.random()))));
        let now = self.this_second();
        let stored =
            Stored { account: account.head.account.clone(), epoch: account.head.epoch, started: now, seen: now };
        let change = change.insert(Table::Session, self.session_key(token.expose()), self.session_row(&stored)?);
        Ok((change, self.in_use(token, account, &stored)))
    }

    /// Adds to a change that a session ends.
    pub(super) fn end_session(&self, mut change: Change, token: &str) -> Change {
        change.writes.push(Write { table: Table::Session, key: self.session_key(token), value: None });
        change
    }

    /// The session of a token; `unauthenticated` when there is none or it has ended. With `active` the idle end moves on.
    pub fn session(&self, token: &str, active: bool) -> Result<Session, Error> {
        let key = self.session_key(token);
        let row = self.store().get(Table::Session, &key)?.ok_or_else(ended)?;
        let stored = read(&row)?;
        let account = self.find_account(&stored.account)?.ok_or_else(ended)?;
        let now = self.now();
        let mut session = self.in_use(Secret::new(token.to_owned()), account, &stored);
        let fits = session.account.head.epoch == stored.epoch && !session.account.head.disabled;
        if !fits || now >= session.idle_until || now >= session.ends_at {
            return Err(ended());
        }
        let step = i64::from(self.rules.sessions.idle) / 24;
        if active && now.as_second() - stored.seen.as_second() >= step {
            let stored = Stored { seen: self.this_second(), ..stored };
            let change = Change::new(self.fresh_request("seen")?, sha256(b"seen"));
            let change = change.update(Table::Session, key, row.version, self.session_row(&stored)?);
            // Another call may have moved it, or the store takes no writes now: the session goes on as it was.
            if self.store().commit(change).is_ok() {
                session.idle_until =
                    self.in_use(Secret::new(String::new()), session.account.clone(), &stored).idle_until;
            }
        }
        Ok(session)
    }

    /// Ends a session; nothing happens when it has ended.
    pub fn sign_out(&self, token: &str) -> Result<(), Error> {
        let change = self.end_session(Change::new(self.fresh_request("sign-out")?, sha256(b"sign-out")), token);
        self.store().commit(change)?;
        Ok(())
    }

    fn in_use(&self, token: Secret<String>, account: Account, stored: &Stored) -> Session {
        let rules = self.rules.sessions;
        let ends_at = plus_seconds(stored.started, i64::from(rules.absolute));
        let idle_until = plus_seconds(stored.seen, i64::from(rules.idle)).min(ends_at);
        let csrf = hmac_sha256(self.keys.tokens.expose(), format!("csrf\0{}", token.expose()).as_bytes());
        Session { csrf: base64url(&csrf), token, account, idle_until, ends_at }
    }

    fn session_row(&self, stored: &Stored) -> Result<Vec<u8>, Error> {
        let rules = self.rules.sessions;
        let idle = plus_seconds(stored.seen, i64::from(rules.idle));
        let end = idle.min(plus_seconds(stored.started, i64::from(rules.absolute)));
        Ok(expiring(end.as_second(), &record::encode(stored)?))
    }

    fn session_key(&self, token: &str) -> Vec<u8> {
        let digest = hmac_sha256(self.keys.tokens.expose(), format!("session\0{token}").as_bytes());
        record::key(&["staff", &hex(&digest)])
    }
}

fn read(row: &Row) -> Result<Stored, Error> {
    let (_, rest) = until(&row.value).ok_or_else(|| Error::corrupt("a session without its end"))?;
    record::decode(Table::Session, rest)
}

fn ended() -> Error {
    Error::new(ErrorKind::Unauthenticated, "no session, or it has ended")
        .coded("session_ended")
        .says("登录已失效，请重新登录。", "You are signed out. Sign in again.")
}
