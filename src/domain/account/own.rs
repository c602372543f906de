//! What a person changes about the own account: the password, and the one-time password.

use super::Author;
use super::manage::check_password;
use super::record::{Account, OneTime, totp_secret};
use super::session::Session;
use super::sign_in::wrong_code;
use crate::base::bytes::base64url;
use crate::base::random::bytes;
use crate::base::text::normalize_scan;
use crate::crypto::digest::sha256;
use crate::crypto::password::{Cost, Kept};
use crate::crypto::totp::{self, SECRET_BYTES};
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};

/// A one-time password that is being set up: what the app is given.
pub struct Setup {
    /// The secret as it is typed.
    pub secret: String,
    /// The address that the app reads from a code.
    pub address: String,
}

impl City {
    /// Changes the password; every other session of the account ends, and this one goes on under a new token.
    pub fn change_password(&self, session: &Session, old: &str, new: &str) -> Result<Session, Error> {
        check_password(new, &session.account.head.account)?;
        if old == new {
            return Err(Error::new(ErrorKind::Refused, "the password is the old one")
                .coded("password_weak")
                .says("新密码不能与原密码相同。", "The new password must differ from the old one."));
        }
        let mut account = self.prove_own(session, old)?;
        account.sealed.password = self.keep_password(new)?;
        account.head.must_change = false;
        account.head.epoch += 1;
        let change = self.own_change(&account, "passwordChanged")?;
        let change = self.end_session(change, session.token.expose());
        let (change, fresh) = self.begin_session(change, account)?;
        self.store().commit(change)?;
        Ok(fresh)
    }

    /// Makes the secret of a one-time password; it is asked for only once a code of it was shown.
    pub fn begin_totp(&self, session: &Session, password: &str) -> Result<Setup, Error> {
        let mut account = self.prove_own(session, password)?;
        let secret = bytes::<SECRET_BYTES>(self.random());
        account.sealed.totp_next = Some(base64url(&secret));
        self.store().commit(self.own_change(&account, "totpBegun")?)?;
        let issuer = self.names.base().split("://").nth(1).unwrap_or_default();
        let address = totp::address(issuer, account.head.account.as_str(), &secret);
        Ok(Setup { secret: totp::base32(&secret), address })
    }

    /// Puts the one-time password that was made into use, by its first code.
    pub fn confirm_totp(&self, session: &Session, code: &str) -> Result<(), Error> {
        self.charge_try(session.account.head.account.as_str())?;
        let mut account = session.account.clone();
        let next = account.sealed.totp_next.take().ok_or_else(|| {
            Error::new(ErrorKind::Conflict, "no one-time password is being set up")
                .says("请先获取动态验证码密钥。", "Ask for a secret first.")
        })?;
        let step = totp::step_of(totp_secret(&next)?.expose(), &normalize_scan(code), self.now().as_second());
        let last = step.map_err(|error| Error::corrupt(error.to_string()))?.ok_or_else(wrong_code)?;
        account.sealed.totp = Some(OneTime { secret: next, last });
        account.head.totp = true;
        self.store().commit(self.own_change(&account, "totpOn")?)?;
        Ok(())
    }

    /// Takes the one-time password away.
    pub fn remove_totp(&self, session: &Session, password: &str) -> Result<(), Error> {
        let mut account = self.prove_own(session, password)?;
        (account.sealed.totp, account.sealed.totp_next, account.head.totp) = (None, None, false);
        self.store().commit(self.own_change(&account, "totpOff")?)?;
        Ok(())
    }

    /// The account of a session, once more proved by its password.
    fn prove_own(&self, session: &Session, password: &str) -> Result<Account, Error> {
        let account = self.prove(session.account.head.account.as_str(), password)?;
        let fits = account.head.epoch == session.account.head.epoch;
        if fits {
            Ok(account)
        } else {
            Err(Error::new(ErrorKind::Unauthenticated, "the account was changed meanwhile"))
        }
    }

    fn own_change(&self, account: &Account, event: &str) -> Result<Change, Error> {
        let change = Change::new(self.fresh_request("own")?, sha256(event.as_bytes()));
        let change = self.with_account(change, account)?;
        let change = self.forget_tries(change, account.head.account.as_str());
        self.account_event(change, event, &account.head, &Author::Account(account.head.account.clone()))
    }

    /// A password as it is kept.
    pub(super) fn keep_password(&self, password: &str) -> Result<Kept, Error> {
        let kept = self.desk.stretch(|| Kept::new(password, Cost::DEFAULT, self.random()))?;
        kept.map_err(|error| Error::corrupt(error.to_string()))
    }
}
