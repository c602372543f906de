//! The demo city: keys, nine agencies, tokens that are known, residents with keys, and the agencies' stock issued.
//!
//! Everything follows from one public seed, so the demo's secrets are secret to nobody; a real city is made by `init`.

use std::collections::HashMap;

use crate::app::config::FourEyes;
use crate::base::id::{AccountName, AgencyCode, CredentialId, TypeCode};
use crate::base::json::Map;
use crate::base::time::china_date;
use crate::crypto::derive::Seed;
use crate::crypto::digest::sha256;
use crate::crypto::{Signer as _, SigningKey};
use crate::domain::account::manage::NewAccount;
use crate::domain::account::{Author, StaffRole};
use crate::domain::agency::Agencies;
use crate::domain::city::City;
use crate::domain::city::rules::Deed;
use crate::domain::demo::{self, DemoCity, StockRow};
use crate::domain::error::Error;
use crate::domain::holder;
use crate::domain::issuance::Order;
use crate::domain::issuance::life::Act;
use crate::domain::issuance::record::Life;
use crate::domain::token::Role;
use crate::domain::wallet::Wallet;
use crate::domain::wallet::keys::HolderKey;

/// The public seed of the demo city.
pub const SEED: &str = "certless demo";
/// Rows that go to the store in one trip.
const CHUNK: usize = 256;

/// The token of an agency of the demo city.
pub fn agency_token(code: &str) -> String {
    format!("demo-agency-{code}")
}

/// The token of the window of an agency of the demo city.
pub fn window_token(code: &str) -> String {
    format!("demo-window-{code}")
}

/// The staff of the demo city: every agency's clerk, approver and window clerk, and those who work for the whole city. The
/// password of an account is [`password`] of its name.
pub fn staff() -> Result<Vec<NewAccount>, Error> {
    let make = |account: &str, name: &str, role: StaffRole, agency: Option<&AgencyCode>| {
        let account = AccountName::parse(account)?;
        Ok::<_, Error>(NewAccount { account, name: name.to_owned(), role, agency: agency.cloned() })
    };
    let mut staff = Vec::new();
    for agency in Agencies::shipped()? {
        let code = agency.code.as_str().to_ascii_lowercase();
        for (part, name, role) in [
            ("clerk", "制证员（演示）", StaffRole::AgencyClerk),
            ("approver", "审批员（演示）", StaffRole::AgencyApprover),
            ("window", "窗口人员（演示）", StaffRole::WindowClerk),
        ] {
            staff.push(make(&format!("{code}-{part}"), name, role, Some(&agency.code))?);
        }
    }
    staff.push(make("supervisor", "督查员（演示）", StaffRole::Supervisor, None)?);
    staff.push(make("auditor", "审计员（演示）", StaffRole::Auditor, None)?);
    staff.push(make("admin", "管理员（演示）", StaffRole::Administrator, None)?);
    Ok(staff)
}

/// The password of an account of the demo city.
pub fn password(account: &AccountName) -> String {
    format!("demo-{account}")
}

/// Makes the accounts of the demo city that are not there yet.
pub fn hire(city: &City) -> Result<(), Error> {
    let by = Author::Token("demo".to_owned());
    for account in staff()? {
        if city.find_account(&account.account)?.is_none() {
            let password = password(&account.account);
            city.put_account(account, &password, false, &by)?;
        }
    }
    Ok(())
}

/// The type that is issued and revoked by two in the demo city, where its configuration says nothing else.
const BY_TWO: &str = "realEstate";

/// Puts the demo's rule of the second person into a configuration that has none.
pub fn second_person(rules: &mut FourEyes) {
    let FourEyes { issue, suspend, reinstate, revoke, .. } = &*rules;
    if [issue, suspend, reinstate, revoke].iter().all(|types| types.is_empty()) {
        rules.issue = vec![BY_TWO.to_owned()];
        rules.revoke = vec![BY_TWO.to_owned()];
    }
}

/// Begins what waits for a second person when the demo starts: two titles to be revoked. Nothing where something waits
/// already.
pub fn begin(city: &City) -> Result<(), Error> {
    let (agency, by) = (AgencyCode::parse("ZR")?, Author::Account(AccountName::parse("zr-clerk")?));
    let type_code = TypeCode::parse(BY_TWO)?;
    let by_two = city.rules.four_eyes.needs(Deed::Revoke, &type_code);
    if !by_two || !city.pendings(&agency, true, None)?.pendings.is_empty() {
        return Ok(());
    }
    let titles = city.credentials_of_type(&agency, &type_code, None)?.heads;
    let reasons = ["演示：房屋已拆除，权利人申请注销。", "演示：登记错误，依法更正后注销。"];
    let mut valid = titles.iter().rev().filter(|title| title.life == Life::Valid);
    for (title, reason) in valid.by_ref().zip(reasons) {
        city.begin_life(&agency, &title.id, Act::Revoke, reason, &by)?;
    }
    Ok(())
}

/// The operator's token of the demo city.
pub const OPERATOR_TOKEN: &str = "demo-operator";
/// The passphrase of every wallet of the demo city.
pub const PASSPHRASE: &str = "demo";

/// The wallet key of a resident or enterprise of the demo city.
pub fn wallet_key(holder_code: &str) -> SigningKey {
    Seed::new(sha256(SEED.as_bytes())).ed25519(&format!("wallet/{holder_code}"))
}

/// Makes everyone and everything, as of today.
pub fn generate(city: &City) -> Result<DemoCity, Error> {
    Ok(demo::city(SEED, china_date(city.now()))?)
}

/// Fills a fresh city: tokens (the staff are [`hire`]d apart), then every licence of the stock; `progress` hears how many are issued. The identifiers
/// of the licences come in the order of the stock.
pub fn fill(city: &City, demo: &DemoCity, mut progress: impl FnMut(usize)) -> Result<Vec<CredentialId>, Error> {
    for agency in Agencies::shipped()? {
        let code = agency.code.clone();
        city.put_token(&agency_token(code.as_str()), Role::Agency { agency: code.clone() }, "demo agency")?;
        city.put_token(&window_token(code.as_str()), Role::Window { agency: code }, "demo window")?;
    }
    city.put_token(OPERATOR_TOKEN, Role::Operator, "demo operator")?;
    let mut ids = Vec::with_capacity(demo.stock.len());
    for chunk in demo.stock.chunks(CHUNK) {
        let orders: Vec<_> = chunk.iter().map(order).collect();
        for issued in city.issue_each(&orders) {
            ids.push(issued?.id);
        }
        progress(ids.len());
    }
    Ok(ids)
}

/// The wallets of everyone who holds a licence, with everything they hold, in the order of the stock.
pub fn wallets(city: &City, demo: &DemoCity, ids: &[CredentialId]) -> Result<Vec<Wallet>, Error> {
    let seed = Seed::new(sha256(SEED.as_bytes()));
    let mut order: Vec<&str> = Vec::new();
    let mut held: HashMap<&str, (&str, Vec<&CredentialId>)> = HashMap::new();
    for (row, id) in demo.stock.iter().zip(ids) {
        for holder in &row.holders {
            let entry = held.entry(&holder.code).or_insert_with(|| {
                order.push(&holder.code);
                (holder.name.as_str(), Vec::new())
            });
            entry.1.push(id);
        }
    }
    let mut wallets = Vec::with_capacity(order.len());
    for code in order {
        let Some((name, ids)) = held.get(code) else { continue };
        let mut wallet = Wallet::new(*name, HolderKey::derived(&seed, &format!("wallet/{code}")));
        for id in ids {
            wallet.receive(&city.credential(id)?.package.to_bytes()?, city.now())?;
        }
        wallets.push(wallet);
    }
    Ok(wallets)
}

/// The order that issues a row of the stock to its holders' wallets: the cells as the agency's file has them, so that
/// the file can be issued again and every row is known.
pub fn order(row: &StockRow) -> Order {
    let cells = row.values.keys().map(|column| (column.clone(), row.cell(column)));
    let mut values: Map =
        cells.filter(|(_, text)| !text.trim().is_empty()).map(|(column, text)| (column, text.into())).collect();
    for (i, holder) in row.holders.iter().enumerate() {
        let column = if row.holders.len() > 1 { format!("holderKey.{}", i + 1) } else { "holderKey".to_owned() };
        values.insert(column, holder::did_of(wallet_key(&holder.code).public_key()).into());
    }
    Order { agency: row.agency.clone(), type_code: row.type_code.clone(), row: values, key: Some(row.row_key.clone()) }
}
