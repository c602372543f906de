//! `certless account`: the accounts of the staff. A new password is shown once.

use clap::{Args, Subcommand, ValueEnum};

use super::OK;
use super::output::Output;
use super::reach::{Reach, ReachArgs, console};
use crate::base::id::{AccountName, AgencyCode};
use crate::base::json::{Value, json};
use crate::domain::account::StaffRole;
use crate::domain::account::manage::NewAccount;
use crate::domain::account::record::Account;
use crate::domain::error::Error;

/// Options of `account`.
#[derive(Args, Debug)]
pub struct AccountArgs {
    /// Where the city is.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: AccountCommand,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; its first password is shown once.
    Add {
        /// What is typed to sign in, ga-clerk.
        account: AccountName,
        /// The person's name.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// What the account may do.
        #[arg(long, value_enum)]
        role: RoleName,
        /// The agency, for clerks and approvers.
        #[arg(long, value_name = "CODE")]
        agency: Option<AgencyCode>,
    },
    /// Every account.
    List,
    /// Let nobody sign in any more; sessions end.
    Disable {
        /// The account.
        account: AccountName,
    },
    /// Let the account sign in again.
    Enable {
        /// The account.
        account: AccountName,
    },
    /// Give a new password, shown once; one-time password, lock and sessions end.
    Reset {
        /// The account.
        account: AccountName,
    },
    /// End every session of the account.
    EndSessions {
        /// The account.
        account: AccountName,
    },
}

/// The roles by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// 制证员: issues and changes the agency's credentials.
    AgencyClerk,
    /// 审批员: the same, and decides as the second person.
    AgencyApprover,
    /// 窗口人员: takes and decides applications.
    WindowClerk,
    /// 督查员: looks at the work.
    Supervisor,
    /// 审计员: looks at the work and the audit events.
    Auditor,
    /// 管理员: keys and accounts.
    Administrator,
}

impl From<RoleName> for StaffRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::AgencyClerk => Self::AgencyClerk,
            RoleName::AgencyApprover => Self::AgencyApprover,
            RoleName::WindowClerk => Self::WindowClerk,
            RoleName::Supervisor => Self::Supervisor,
            RoleName::Auditor => Self::Auditor,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

/// Does it and says what was done.
pub fn run(args: &AccountArgs, out: Output) -> Result<u8, Error> {
    let reach = Reach::open(&args.reach)?;
    match &args.command {
        AccountCommand::Add { account, name, role, agency } => {
            let new = NewAccount {
                account: account.clone(),
                name: name.clone(),
                role: (*role).into(),
                agency: agency.clone(),
            };
            told_once(&add(&reach, new)?, out);
        }
        AccountCommand::List => list(&reach, out)?,
        AccountCommand::Disable { account } => step(&reach, account, "disable", out)?,
        AccountCommand::Enable { account } => step(&reach, account, "enable", out)?,
        AccountCommand::EndSessions { account } => step(&reach, account, "end-sessions", out)?,
        AccountCommand::Reset { account } => {
            let reset = match &reach {
                Reach::Here(city) => {
                    let (account, password) = city.reset_account(account, &console())?;
                    json!({"account": account.to_json(), "password": password.expose()})
                }
                Reach::There(client) => client.post(&format!("/api/accounts/{account}/reset"), &json!({}))?,
            };
            told_once(&reset, out);
        }
    }
    Ok(OK)
}

fn add(reach: &Reach, new: NewAccount) -> Result<Value, Error> {
    match reach {
        Reach::Here(city) => {
            let (account, password) = city.add_account(new, &console())?;
            Ok(json!({"account": account.to_json(), "password": password.expose()}))
        }
        Reach::There(client) => {
            let new = json!({"account": new.account, "name": new.name, "role": new.role, "agency": new.agency});
            client.post("/api/accounts", &new)
        }
    }
}

fn told_once(made: &Value, out: Output) {
    let (account, password) = (text(made, "/account/account"), text(made, "/password"));
    out.say(
        format!("账户：{account}\n初始密码：{password}（仅显示这一次，首次登录须修改）"),
        format!("Account: {account}\nPassword: {password} (shown this once; change it at the first sign-in)"),
    );
}

fn step(reach: &Reach, name: &AccountName, step: &str, out: Output) -> Result<(), Error> {
    let account = match reach {
        Reach::Here(city) => match step {
            "disable" => city.disable_account(name, true, &console())?,
            "enable" => city.disable_account(name, false, &console())?,
            _ => city.end_sessions(name, &console())?,
        }
        .to_json(),
        Reach::There(client) => {
            let answer = client.post(&format!("/api/accounts/{name}/{step}"), &json!({}))?;
            answer.get("account").cloned().unwrap_or_default()
        }
    };
    line(&account, out);
    Ok(())
}

fn list(reach: &Reach, out: Output) -> Result<(), Error> {
    let mut after: Option<String> = None;
    loop {
        let page = match reach {
            Reach::Here(city) => {
                let page = city.accounts(after.as_deref())?;
                let accounts: Vec<_> = page.accounts.iter().map(Account::to_json).collect();
                json!({"accounts": accounts, "next": page.next})
            }
            Reach::There(client) => {
                let query = after.as_ref().map_or_else(String::new, |after| format!("?after={after}"));
                client.get(&format!("/api/accounts{query}"))?
            }
        };
        for account in page.get("accounts").and_then(Value::as_array).into_iter().flatten() {
            line(account, out);
        }
        after = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            return Ok(());
        }
    }
}

/// One account on one line.
fn line(account: &Value, out: Output) {
    let disabled = account.get("disabled").and_then(Value::as_bool).unwrap_or_default();
    let state = if disabled { out.lang.pick("已停用", "disabled") } else { out.lang.pick("启用", "enabled") };
    let (name, role, agency) = (text(account, "/name"), text(account, "/role"), text(account, "/agency"));
    out.line(format!("{:<20} {role:<15} {agency:<4} {state}  {name}", text(account, "/account")));
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
