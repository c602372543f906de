//! `certless`, `certless demo` and `certless serve`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::OK;
use super::args::{DemoArgs, Place, ServeArgs};
use super::init;
use super::output::{Output, file_error, write_private};
use crate::adapters::wallet_file::{self, WalletKey};
use crate::app::config::Config;
use crate::app::{demo, open, server, telemetry};
use crate::base::json::Value;
use crate::base::random::SystemRandom;
use crate::crypto::password::Cost;
use crate::domain::agency::Agencies;
use crate::domain::catalogue::row::HOLDER_KEY;
use crate::domain::city::City;
use crate::domain::demo::table::columns;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::Order;
use crate::domain::wallet::Wallet;

/// Marks a data folder that was made for a demo city, and one that was filled to the end.
const DEMO: &str = "demo-city";
const FILLED: &str = "demo-filled";

/// Serves a city.
pub fn serve(args: &ServeArgs, out: Output) -> Result<u8, Error> {
    let mut config = args.place.config()?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    config.conformance |= args.conformance;
    config.check()?;
    telemetry::start_log(&config.log)?;
    let city = open::city(&config)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    let address = city.names.base().to_owned();
    server::serve(&config, city, || out.say(format!("已启动：{address}"), format!("Serving {address}")))?;
    Ok(OK)
}

/// Starts the demo city, making it first where there is none.
pub fn demo(args: &DemoArgs, out: Output) -> Result<u8, Error> {
    let place = Place::from(args);
    if args.reset {
        reset(&place.config()?)?;
    }
    let mut config = place.config()?;
    config.listen = args.listen;
    config.base_url = format!("http://{}", args.listen);
    config.fetch.loopback = true;
    config.fetch.hosts = vec!["127.0.0.1:*".to_owned(), "localhost:*".to_owned()];
    config.check()?;
    telemetry::start_log(&config.log)?;
    let city = open_demo(&config, out)?;
    config.conformance = args.conformance;
    let base = city.names.base().to_owned();
    server::serve(&config, city, || welcome(&base, &config.data, out))?;
    Ok(OK)
}

fn open_demo(config: &Config, out: Output) -> Result<City, Error> {
    if !config.data.join("certless.json").exists() {
        fs::create_dir_all(&config.data).map_err(|error| file_error(&config.data, &error))?;
        let marker = config.data.join(DEMO);
        fs::write(&marker, b"").map_err(|error| file_error(&marker, &error))?;
        init::make(config)?;
    }
    require_demo(config)?;
    let city = open::city(config)?;
    if !config.data.join(FILLED).exists() {
        fill(config, &city, out)?;
    }
    demo::hire(&city)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    Ok(city)
}

fn fill(config: &Config, city: &City, out: Output) -> Result<(), Error> {
    let people = demo::generate(city)?;
    let stock = config.data.join("stock");
    fs::create_dir_all(&stock).map_err(|error| file_error(&stock, &error))?;
    for (agency, type_code) in people.files() {
        let path = stock.join(format!("{agency}-{type_code}.csv"));
        let rows: Vec<_> = people.stock_of(agency, type_code).map(demo::order).collect();
        write_stock(&path, &columns(type_code), &rows).map_err(|error| file_error(&path, &error.into()))?;
    }
    write_tokens(&config.data.join("tokens"))?;
    let bar = out.progress(people.stock.len(), "签发演示证照", "Issuing the demo's licences");
    let ids = demo::fill(city, &people, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    write_wallets(&config.data.join("wallets"), &demo::wallets(city, &people, &ids)?, out)?;
    let marker = config.data.join(FILLED);
    fs::write(&marker, b"").map_err(|error| file_error(&marker, &error))
}

/// Writes the wallets under one derived key, so that the passphrase is stretched once for all of them.
fn write_wallets(folder: &Path, wallets: &[Wallet], out: Output) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
    let key = WalletKey::new(demo::PASSPHRASE, Cost::DEFAULT, &SystemRandom)?;
    let bar = out.progress(wallets.len(), "写入演示卡包", "Writing the demo's wallets");
    for (i, wallet) in wallets.iter().enumerate() {
        let path = folder.join(format!("{:04}.wallet", i + 1));
        wallet_file::save(&path, wallet, &key, &SystemRandom)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// One agency's stock of one type, with the holders' keys: issuing the file again finds every row issued before.
fn write_stock(path: &Path, columns: &[&str], rows: &[Order]) -> Result<(), csv::Error> {
    let brought = rows.iter().flat_map(|order| order.row.keys()).map(String::as_str);
    let keys: BTreeSet<_> = brought.filter(|column| column.starts_with(HOLDER_KEY)).collect();
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(["rowKey"].iter().chain(columns).chain(&keys))?;
    for order in rows {
        let cells = columns.iter().chain(&keys).map(|column| order.row.get(*column));
        let cells = cells.map(|cell| cell.and_then(Value::as_str).unwrap_or_default());
        writer.write_record(order.key.as_deref().into_iter().chain(cells))?;
    }
    Ok(writer.flush()?)
}

/// The demo's tokens as files, for `--token`.
fn write_tokens(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
    let mut tokens = vec![("operator.token".to_owned(), "demo-operator".to_owned())];
    for agency in Agencies::shipped()? {
        let code = agency.code.as_str();
        tokens.push((format!("{code}.token"), demo::agency_token(code)));
        tokens.push((format!("window-{code}.token"), demo::window_token(code)));
    }
    for (name, token) in tokens {
        let path = folder.join(name);
        write_private(&path, format!("{token}\n").as_bytes()).map_err(|error| file_error(&path, &error))?;
    }
    Ok(())
}

/// Fails for a folder with a city that is no demo: known tokens and fictitious licences have no place there.
fn require_demo(config: &Config) -> Result<(), Error> {
    if config.data.join(DEMO).exists() {
        return Ok(());
    }
    let name = config.data.display();
    Err(Error::new(ErrorKind::Conflict, "the folder holds a city that is no demo").says(
        format!("{name} 中是正式城市。启动它请用：certless serve --data {name}"),
        format!("{name} holds a city that is no demo. To serve it: certless serve --data {name}"),
    ))
}

/// Deletes the demo city's data and keys; refuses a folder with a city that is no demo.
fn reset(config: &Config) -> Result<(), Error> {
    if !config.data.join("certless.json").exists() && !config.data.join(DEMO).exists() {
        return Ok(());
    }
    require_demo(config)?;
    remove(&config.data)?;
    let keys = config.keys_folder();
    for name in ["city.seed", "storage.seed", "agencies", "trust"] {
        remove(&keys.join(name))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Error> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path, &error)),
        _ => Ok(()),
    }
}

/// What there is and what to try next.
fn welcome(base: &str, data: &Path, out: Output) {
    out.say(format!("演示城市已启动：{base}\n"), format!("The demo city is running: {base}\n"));
    out.say("机关（签发令牌 · 窗口令牌）", "Agencies (issuing token · window token)");
    if let Ok(agencies) = Agencies::shipped() {
        for agency in agencies {
            let code = agency.code.as_str();
            out.line(format!(
                "  {code}  {}  {} · {}",
                agency.name.get(out.lang),
                demo::agency_token(code),
                demo::window_token(code)
            ));
        }
    }
    out.say("  运维令牌：demo-operator\n", "  operator's token: demo-operator\n");
    out.say(format!("演示账户（登录 {base}/signin）"), format!("Demo accounts (sign in at {base}/signin)"));
    for account in demo::staff().unwrap_or_default() {
        if account.agency.as_ref().is_none_or(|agency| agency.as_str() == "GA") {
            let (name, role) = (&account.account, account.role.label());
            out.line(format!("  {name:<12} {:<16} {}", demo::password(name), role.get(out.lang)));
        }
    }
    out.say("  其他机关同理，如 mz-clerk。\n", "  Other agencies likewise, as mz-clerk.\n");
    out.say("试一试（另开一个终端）：", "Try next, in a second terminal:");
    let program = std::env::args().next().unwrap_or_else(|| "certless".to_owned());
    let wallet = data.join("wallets").join("0001.wallet");
    let wallet = wallet.display();
    for line in [
        format!("export CERTLESS_WALLET_PASSPHRASE={}", demo::PASSPHRASE),
        format!("{program} wallet list {wallet}"),
        format!("{program} wallet code {wallet} idCard --out code.png"),
        format!("{program} verify code.png"),
        format!("curl -H 'authorization: Bearer {}' {base}/api/credentials", demo::agency_token("GA")),
        format!(
            "{program} issue --agency GA --type idCard --in FILE.csv --server {base} --token {}",
            data.join("tokens").join("GA.token").display()
        ),
    ] {
        out.line(format!("  {line}"));
    }
    out.say("\n按 Ctrl-C 停止。", "\nStop with Ctrl-C.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::table::{Format, read};

    #[test]
    fn the_stock_s_files_hold_the_very_rows_that_were_issued() {
        let people = crate::domain::demo::city(demo::SEED, jiff::civil::date(2026, 3, 1)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut rows = 0;
        for (agency, type_code) in people.files() {
            let path = folder.path().join("stock.csv");
            let orders: Vec<_> = people.stock_of(agency, type_code).map(demo::order).collect();
            write_stock(&path, &columns(type_code), &orders).unwrap();
            let table = read(Format::Csv, &fs::read(&path).unwrap()).unwrap();
            assert_eq!(table.rows.len(), orders.len());
            for (row, order) in table.rows.into_iter().zip(orders) {
                let mut cells = row.cells;
                assert_eq!(cells.remove("rowKey").unwrap(), order.key.unwrap());
                assert_eq!((cells, row.fault), (order.row, None));
                rows += 1;
            }
        }
        assert_eq!(rows, people.stock.len());
    }
}
