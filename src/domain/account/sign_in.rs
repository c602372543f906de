//! Letting a person in: name, password, and a one-time password where the account has one.
//!
//! Order of work: the address's tries, the name's tries (counted durably before anything is looked at), the password
//! (stretched whether there is such an account or not), then the rest. Until the password fits, every answer and the work
//! behind it are the same for an account that exists and one that does not.

use std::net::IpAddr;

use super::Author;
use super::record::{Account, totp_secret};
use super::session::Session;
use crate::base::id::AccountName;
use crate::base::secret::Secret;
use crate::base::text::normalize_scan;
use crate::crypto::digest::sha256;
use crate::crypto::totp;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Contested, StoreError};

/// Longest password that is looked at, bytes.
const LONGEST: usize = 1_024;
/// How often a contested account is read again.
const TURNS: usize = 8;

/// What somebody typed, and where.
pub struct Attempt {
    /// The account's name.
    pub account: String,
    /// The password.
    pub password: Secret<String>,
    /// The one-time password.
    pub totp: Option<String>,
    /// Where the call comes from.
    pub address: IpAddr,
    /// The token of the session that this one replaces.
    pub replaces: Option<String>,
}

impl City {
    /// Signs a person in. `unauthenticated` for a wrong name or password and, with the code `totp_needed` or
    /// `totp_wrong`, for a missing or wrong one-time password; `rate-limited` when locked; `not-allowed` when disabled.
    pub fn sign_in(&self, attempt: &Attempt) -> Result<Session, Error> {
        self.desk.admit(attempt.address, self.now())?;
        if attempt.password.expose().len() > LONGEST || attempt.account.len() > 256 {
            return Err(Error::malformed("a name or password of that length"));
        }
        let name = normalize_scan(&attempt.account).to_ascii_lowercase();
        let account = self.prove(&name, attempt.password.expose())?;
        if account.head.disabled {
            return Err(Error::new(ErrorKind::NotAllowed, "the account is disabled")
                .coded("disabled")
                .says("账户已停用，请联系管理员。", "The account is disabled. Ask an administrator."));
        }
        self.let_in(account, attempt)
    }

    /// The account of a name whose password this is. One try is counted; forgetting it is up to the caller.
    pub(super) fn prove(&self, name: &str, password: &str) -> Result<Account, Error> {
        self.charge_try(name)?;
        let nobody = self.desk.nobody(self.random())?;
        let account = AccountName::parse(name).ok().map(|name| self.find_account(&name)).transpose()?.flatten();
        let kept = account.as_ref().map_or(&nobody, |account| &account.sealed.password);
        let fits = self.desk.stretch(|| kept.fits(password))?;
        let fits = fits.map_err(|error| Error::corrupt(error.to_string()))?;
        account.filter(|_| fits).ok_or_else(wrong)
    }

    fn let_in(&self, mut account: Account, attempt: &Attempt) -> Result<Session, Error> {
        let proved = account.sealed.password.clone();
        for _ in 0..TURNS {
            self.take_one_time(&mut account, attempt.totp.as_deref())?;
            account.head.last_sign_in = Some(self.this_second());
            let mut change = Change::new(self.fresh_request("sign-in")?, sha256(b"sign-in"));
            change = self.with_account(change, &account)?;
            change = self.forget_tries(change, account.head.account.as_str());
            if let Some(token) = &attempt.replaces {
                change = self.end_session(change, token);
            }
            change =
                self.account_event(change, "signedIn", &account.head, &Author::Account(account.head.account.clone()))?;
            let (change, session) = self.begin_session(change, account)?;
            match self.store().commit(change) {
                Ok(_) => return Ok(session),
                Err(StoreError::Conflict(Contested::Row { .. })) => {}
                Err(error) => return Err(error.into()),
            }
            // Somebody else signed in with it, or it was changed: the same code must not be good twice.
            account = self.find_account(&session.account.head.account)?.ok_or_else(wrong)?;
            if account.sealed.password != proved || account.head.disabled {
                return Err(wrong());
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the account is contested"))
    }

    /// Checks the one-time password of an account that has one, and uses it up.
    fn take_one_time(&self, account: &mut Account, given: Option<&str>) -> Result<(), Error> {
        let Some(one_time) = &mut account.sealed.totp else { return Ok(()) };
        let given = given.map(normalize_scan).filter(|given| !given.is_empty()).ok_or_else(|| {
            Error::new(ErrorKind::Unauthenticated, "a one-time password is needed")
                .coded("totp_needed")
                .says("请输入动态验证码。", "Type the code of your authenticator app.")
        })?;
        let secret = totp_secret(&one_time.secret)?;
        let step = totp::step_of(secret.expose(), &given, self.now().as_second());
        let step = step.map_err(|error| Error::corrupt(error.to_string()))?;
        let step = step.filter(|step| *step > one_time.last).ok_or_else(wrong_code)?;
        one_time.last = step;
        Ok(())
    }
}

fn wrong() -> Error {
    Error::new(ErrorKind::Unauthenticated, "no such account, or another password")
        .coded("wrong")
        .says("账户或密码不正确，请核对后重试。", "The account or the password is wrong. Check both and try again.")
}

/// A wrong one-time password, or one that was used before.
pub(super) fn wrong_code() -> Error {
    Error::new(ErrorKind::Unauthenticated, "the one-time password is wrong, or was used").coded("totp_wrong").says(
        "动态验证码不正确或已使用过，请等待下一个验证码。",
        "The code is wrong or was used before. Wait for the next one.",
    )
}
