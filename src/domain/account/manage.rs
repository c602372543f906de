//! What an administrator does: accounts made, listed, disabled, reset, and their sessions ended.

use serde::Deserialize;

use super::record::{Account, Head, Sealed};
use super::{Author, StaffRole};
use crate::base::id::{AccountName, AgencyCode};
use crate::base::random::below;
use crate::base::secret::Secret;
use crate::crypto::digest::sha256;
use crate::domain::agency::Agencies;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::StoreError;

/// Shortest password, characters.
const SHORTEST: usize = 10;
/// Longest password, characters.
const LONGEST: usize = 128;

/// An account that is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAccount {
    /// What is typed to sign in.
    pub account: AccountName,
    /// The person's name.
    pub name: String,
    /// What the account may do.
    pub role: StaffRole,
    /// The agency it works for, where the role has one.
    pub agency: Option<AgencyCode>,
}

/// One page of accounts.
pub struct Accounts {
    /// The accounts, by name.
    pub accounts: Vec<Account>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

impl City {
    /// Makes an account with a password of chance, which is told once and must be changed at the first sign-in.
    pub fn add_account(&self, new: NewAccount, by: &Author) -> Result<(Account, Secret<String>), Error> {
        let password = self.new_password();
        let account = self.put_account(new, password.expose(), true, by)?;
        Ok((account, password))
    }

    /// Makes an account with a given password; `conflict` when there is one of that name.
    pub fn put_account(
        &self,
        new: NewAccount,
        password: &str,
        must_change: bool,
        by: &Author,
    ) -> Result<Account, Error> {
        let name = check_new(&new)?;
        check_password(password, &new.account)?;
        let head = Head {
            account: new.account,
            role: new.role,
            agency: new.agency,
            disabled: false,
            must_change,
            totp: false,
            created: self.this_second(),
            last_sign_in: None,
            epoch: 0,
        };
        let sealed = Sealed { name, password: self.keep_password(password)?, totp: None, totp_next: None };
        let account = Account { head, sealed, version: 0 };
        let change = Change::new(self.fresh_request("account")?, sha256(account.head.account.as_str().as_bytes()));
        let change = change.insert(Table::Account, account.head.account.as_str(), self.account_row(&account)?);
        let change = self.account_event(change, "accountAdded", &account.head, by)?;
        match self.store().commit(change) {
            Ok(receipt) => Ok(Account { version: receipt.version, ..account }),
            Err(StoreError::Duplicate { .. }) => Err(Error::new(ErrorKind::Conflict, "the account's name is taken")
                .says("账户名已被使用，请换一个。", "There is an account of this name. Choose another.")),
            Err(error) => Err(error.into()),
        }
    }

    /// Accounts by name, page by page.
    pub fn accounts(&self, after: Option<&str>) -> Result<Accounts, Error> {
        let page = self.store().scan(Table::Account, b"", after.map(str::as_bytes), 100)?;
        let read = |(key, row): &(Vec<u8>, crate::domain::change::Row)| self.read_account(key, &row.value, row.version);
        let accounts = page.rows.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Accounts { accounts, next: page.next.and_then(|key| String::from_utf8(key).ok()) })
    }

    /// Lets nobody sign in with an account any more, or again; its sessions end.
    pub fn disable_account(&self, name: &AccountName, disabled: bool, by: &Author) -> Result<Account, Error> {
        if disabled && *by == Author::Account(name.clone()) {
            return Err(Error::new(ErrorKind::Refused, "the own account")
                .says("不能停用自己的账户。", "You cannot disable your own account."));
        }
        let event = if disabled { "accountDisabled" } else { "accountEnabled" };
        self.change_account(name, event, by, |account| account.head.disabled = disabled)
    }

    /// Gives an account a password of chance, told once; its one-time password, lock and sessions end.
    pub fn reset_account(&self, name: &AccountName, by: &Author) -> Result<(Account, Secret<String>), Error> {
        let password = self.new_password();
        let kept = self.keep_password(password.expose())?;
        let account = self.change_account(name, "accountReset", by, |account| {
            account.sealed.password = kept;
            account.head.must_change = true;
            (account.sealed.totp, account.sealed.totp_next, account.head.totp) = (None, None, false);
        })?;
        Ok((account, password))
    }

    /// Ends every session of an account.
    pub fn end_sessions(&self, name: &AccountName, by: &Author) -> Result<Account, Error> {
        self.change_account(name, "sessionsEnded", by, |_| ())
    }

    fn change_account(
        &self,
        name: &AccountName,
        event: &str,
        by: &Author,
        edit: impl FnOnce(&mut Account),
    ) -> Result<Account, Error> {
        let mut account = self
            .find_account(name)?
            .ok_or_else(|| Error::not_found("no such account").says("没有这个账户。", "There is no such account."))?;
        edit(&mut account);
        account.head.epoch += 1;
        let change = Change::new(self.fresh_request("account")?, sha256(event.as_bytes()));
        let change = self.with_account(change, &account)?;
        let change = self.forget_tries(change, name.as_str());
        let change = self.account_event(change, event, &account.head, by)?;
        account.version = self.store().commit(change)?.version;
        Ok(account)
    }

    /// 20 characters of chance, without those that look alike: 99 bits.
    fn new_password(&self) -> Secret<String> {
        const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
        let mut password = String::with_capacity(23);
        for place in 0..20_u32 {
            if place > 0 && place.is_multiple_of(5) {
                password.push('-');
            }
            let at = usize::try_from(below(self.random(), 31)).unwrap_or_default();
            password.push(char::from(ALPHABET.get(at).copied().unwrap_or(b'a')));
        }
        Secret::new(password)
    }
}

/// The person's name, if role, agency and name go together.
fn check_new(new: &NewAccount) -> Result<String, Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 50 || name.chars().any(char::is_control) {
        return Err(Error::new(ErrorKind::Refused, "name of 1 to 50 characters")
            .says("请填写姓名（50 字以内）。", "Give the person's name, at most 50 characters."));
    }
    let known = match &new.agency {
        Some(agency) => new.role.needs_agency() && Agencies::shipped()?.find(agency).is_some(),
        None => !new.role.needs_agency(),
    };
    if !known {
        return Err(Error::new(ErrorKind::Refused, "role and agency do not go together").says(
            "制证员、审批员、窗口人员须指明本市的一个机关，其他角色不属于机关。",
            "Clerks and approvers belong to one agency of the city; the other roles to none.",
        ));
    }
    Ok(name.to_owned())
}

/// Long enough, and not the account's name.
pub(super) fn check_password(password: &str, account: &AccountName) -> Result<(), Error> {
    let count = password.chars().count();
    let different = password.chars().collect::<std::collections::BTreeSet<_>>().len();
    let fits =
        (SHORTEST..=LONGEST).contains(&count) && different >= 4 && !password.eq_ignore_ascii_case(account.as_str());
    if fits {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Refused, "password too short, too long or too plain").coded("password_weak").says(
        "密码须为 10 至 128 个字符，至少 4 种不同字符，且不同于账户名。",
        "A password has 10 to 128 characters, at least 4 different ones, and is not the account's name.",
    ))
}
