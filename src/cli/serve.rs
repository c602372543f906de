//! `certless`, `certless demo` and `certless serve`.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::OK;
use super::args::{DemoArgs, Place, ServeArgs};
use super::init;
use super::output::{Output, file_error, write_private};
use crate::adapters::tls::{self, Authority};
use crate::adapters::wallet_file::{self, WalletKey};
use crate::app::config::Config;
use crate::app::{demo, open, server, telemetry, tls as server_tls};
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::json::Value;
use crate::base::random::SystemRandom;
use crate::base::time::china_date;
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
    let mut config = args.place.city()?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    config.conformance |= args.conformance;
    args.tls.apply(&mut config);
    config.check()?;
    require_matching_scheme(&config)?;
    telemetry::start_log(&config.log)?;
    let city = open::city(&config)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    let address = city.names.base().to_owned();
    server::serve(&config, city, || {
        out.say(format!("已启动：{address}"), format!("Serving {address}"));
        warn_of_plain_http(&config, out);
    })?;
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
    args.tls.apply(&mut config);
    config.base_url = demo_origin(args, config.tls.is_spoken());
    demo::second_person(&mut config.staff.four_eyes);
    config.fetch.loopback = true;
    config.fetch.hosts = vec!["127.0.0.1:*".to_owned(), "localhost:*".to_owned()];
    config.check()?;
    telemetry::start_log(&config.log)?;
    require_matching_scheme(&config)?;
    prepare_tls(&config)?;
    let city = open_demo(&config, out)?;
    config.conformance = args.conformance;
    let base = city.names.base().to_owned();
    server::serve(&config, city, || {
        welcome(&base, &config, out);
        warn_of_plain_http(&config, out);
    })?;
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
    require_same_origin(config)?;
    let city = open::city(config)?;
    if !config.data.join(FILLED).exists() {
        // Told before thousands of licences are issued, not after.
        server::require_free(config.listen)?;
        fill(config, &city, out)?;
    }
    demo::hire(&city)?;
    demo::begin(&city)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    Ok(city)
}

/// The demo's address as others reach it: this machine's name, because identifiers of cities (`did:web`) hold no addresses.
fn demo_origin(args: &DemoArgs, tls: bool) -> String {
    let own = || tls::host_names().pop().unwrap_or_else(|| "localhost".to_owned());
    let host = if args.listen.ip().is_loopback() {
        args.listen.to_string()
    } else {
        format!("{}:{}", own(), args.listen.port())
    };
    args.base_url.clone().unwrap_or_else(|| format!("{}://{host}", if tls { "https" } else { "http" }))
}

/// The demo's own certificate authority, made when it is first asked for; the address that is served is in the certificate.
fn prepare_tls(config: &Config) -> Result<(), Error> {
    if !config.tls.enabled || config.tls.certificate.is_some() {
        return Ok(());
    }
    let authority = Authority::of(&config.keys_folder());
    let mut names = if authority.exists() { authority.names()? } else { tls::Names::of_this_machine() };
    let before = names.clone();
    let authority_part = config.base_url.trim_start_matches("https://");
    let host = authority_part.rsplit_once(':').map_or(authority_part, |(host, _)| host).trim_matches(['[', ']']);
    match host.parse::<IpAddr>() {
        Ok(address) => names.add(&[], &[address])?,
        Err(_) => names.add(&[host.to_owned()], &[])?,
    }
    if authority.exists() && names == before {
        return Ok(());
    }
    authority.init(&names, false, china_date(SystemClock.now()), &SystemRandom)
}

/// Fails when the demo was made for another address: it stands in every licence.
fn require_same_origin(config: &Config) -> Result<(), Error> {
    let made_for = Config::load(&config.data.join("certless.json"))?.base_url;
    if made_for == config.base_url {
        return Ok(());
    }
    let now = &config.base_url;
    Err(Error::new(ErrorKind::Conflict, format!("made for {made_for}, asked to serve {now}")).says(
        format!("演示城市是按 {made_for} 建立的，地址已写入证照。要改为 {now}，请加 --reset 重建，或用 --data 另建一个。"),
        format!("The demo city was made for {made_for}, which stands in its licences. For {now} add --reset, or make another with --data."),
    ))
}

/// Fails when HTTPS is served under identifiers that say http.
fn require_matching_scheme(config: &Config) -> Result<(), Error> {
    if !config.tls.is_spoken() || config.base_url.starts_with("https://") {
        return Ok(());
    }
    let (base, file) = (&config.base_url, config.data.join("certless.json"));
    let file = file.display();
    Err(Error::new(ErrorKind::Conflict, format!("baseUrl is {base}")).says(
        format!("对外地址 {base} 不是 https。新建城市请用 certless init --base-url https://…；尚未签发证照的，可修改 {file} 中的 baseUrl。"),
        format!("The public address {base} is not https. Make a city with certless init --base-url https://…, or change baseUrl in {file} while nothing is issued."),
    ))
}

/// Says why other machines will be turned away.
fn warn_of_plain_http(config: &Config, out: Output) {
    if !config.tls.is_spoken() && !server_tls::is_enclosed(config) {
        out.note(
            "注意：未启用 HTTPS，其他设备的访问将被拒绝。请执行 certless tls init 并加 --tls；前面另有 TLS 设备的，配置 tls.proxied。",
            "Note: without HTTPS other machines are turned away. Run certless tls init and add --tls; where a machine in front speaks TLS, set tls.proxied.",
        );
    }
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
    for name in ["city.seed", "storage.seed", "agencies", "trust", "tls"] {
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
fn welcome(base: &str, config: &Config, out: Output) {
    let data = &config.data;
    out.say(format!("演示城市已启动：{base}\n"), format!("The demo city is running: {base}\n"));
    out.say("机关（签发令牌 · 窗口令牌）", "Agencies (issuing token · window token)");
    if let Ok(agencies) = Agencies::shipped() {
        for agency in agencies {
            let code = agency.code.as_str();
            let (agency_token, window_token) = (demo::agency_token(code), demo::window_token(code));
            out.line(format!("  {code}  {agency_token:<16} {window_token:<16} {}", agency.name.get(out.lang)));
        }
    }
    out.say("  运维令牌：demo-operator\n", "  operator's token: demo-operator\n");
    out.say(format!("演示账户（登录 {base}/signin）"), format!("Demo accounts (sign in at {base}/signin)"));
    for account in demo::staff().unwrap_or_default() {
        if account.agency.as_ref().is_none_or(|agency| agency.as_str() == "GA") {
            let (name, role) = (account.account.as_str(), account.role.label());
            out.line(format!("  {name:<12} {:<17} {}", demo::password(&account.account), role.get(out.lang)));
        }
    }
    out.say(
        "  其他机关同理，如 mz-clerk。不动产权证书（ZR）的签发和注销须双人复核：zr-clerk 提出，zr-approver 复核。\n",
        "  Other agencies likewise, as mz-clerk. Real-estate titles (ZR) are issued and revoked by two: zr-clerk asks, zr-approver approves.\n",
    );
    out.say("试一试（另开一个终端）：", "Try next, in a second terminal:");
    let program = std::env::args().next().unwrap_or_else(|| "certless".to_owned());
    let wallet = data.join("wallets").join("0001.wallet");
    let wallet = wallet.display();
    let ca = config.keys_folder().join("tls").join("ca.crt");
    let local = config.tls.enabled && config.tls.certificate.is_none();
    let (curl, trusted) = if local {
        (format!(" --cacert {}", ca.display()), format!(" --ca {}", ca.display()))
    } else {
        (String::new(), String::new())
    };
    for line in [
        format!("export CERTLESS_WALLET_PASSPHRASE={}", demo::PASSPHRASE),
        format!("{program} wallet list {wallet}"),
        format!("{program} wallet code {wallet} idCard --out code.png"),
        format!("{program} verify code.png"),
        format!("curl{curl} -H 'authorization: Bearer {}' {base}/api/credentials", demo::agency_token("GA")),
        format!(
            "{program} issue --agency GA --type idCard --in FILE.csv --server {base}{trusted} --token {}",
            data.join("tokens").join("GA.token").display()
        ),
    ] {
        out.line(format!("  {line}"));
    }
    if let Some(address) = tls::outward_address().filter(|_| !config.listen.ip().is_loopback()) {
        let scheme = if config.tls.is_spoken() { "https" } else { "http" };
        let address = SocketAddr::new(address, config.listen.port());
        out.say(format!("\n也可用地址访问：{scheme}://{address}"), format!("\nBy address: {scheme}://{address}"));
    }
    if local {
        out.say(
            format!("\n手机首次使用：打开 {base}/ca 安装 CA 证书。"),
            format!("\nPhones first: open {base}/ca and install the authority."),
        );
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
