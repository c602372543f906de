//! `certless`, `certless demo` and `certless serve`.

use std::fs;
use std::path::Path;

use super::args::{DemoArgs, Place, ServeArgs};
use super::init;
use super::output::{Output, file_error};
use super::{FAILED, OK};
use crate::app::config::Config;
use crate::app::{demo, open, server, telemetry};
use crate::domain::agency::Agencies;
use crate::domain::city::City;
use crate::domain::error::Error;

/// Marks a data folder whose demo city was filled to the end.
const FILLED: &str = "demo-filled";

/// Serves a city.
pub fn serve(args: &ServeArgs, out: &Output) -> Result<u8, Error> {
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
    run(&config, city, out, || out.say(format!("已启动：{address}"), format!("Serving {address}")))
}

/// Starts the demo city, making it first where there is none.
pub fn demo(args: &DemoArgs, out: &Output) -> Result<u8, Error> {
    let place = Place::from(args);
    if args.reset {
        reset(&place.config()?, out)?;
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
    run(&config, city, out, || welcome(&base, out))
}

fn open_demo(config: &Config, out: &Output) -> Result<City, Error> {
    if !config.data.join("certless.json").exists() {
        init::make(config)?;
    }
    let city = open::city(config)?;
    if !config.data.join(FILLED).exists() {
        fill(config, &city, out)?;
    }
    open::write_trust_copy(&config.keys_folder(), &city)?;
    Ok(city)
}

fn fill(config: &Config, city: &City, out: &Output) -> Result<(), Error> {
    let people = demo::generate(city)?;
    let stock = config.data.join("stock");
    fs::create_dir_all(&stock).map_err(|error| file_error(&stock, &error))?;
    for (agency, type_code) in people.files() {
        let path = stock.join(format!("{agency}-{type_code}.csv"));
        let written = fs::File::create(&path).and_then(|mut file| people.write_csv(agency, type_code, &mut file));
        written.map_err(|error| file_error(&path, &error))?;
    }
    let bar = out.progress(people.stock.len(), "签发演示证照", "Issuing the demo's licences");
    demo::fill(city, &people, |done, _| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let marker = config.data.join(FILLED);
    fs::write(&marker, b"").map_err(|error| file_error(&marker, &error))
}

/// Deletes the demo city's data and keys; refuses a folder that holds no demo city.
fn reset(config: &Config, out: &Output) -> Result<(), Error> {
    let marked = config.data.join(FILLED).exists();
    if !config.data.exists() {
        return Ok(());
    }
    if !marked && config.data.join("certless.json").exists() {
        out.note("该目录不是演示城市，未删除。", "The folder holds no finished demo city; nothing was deleted.");
        return Ok(());
    }
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

fn run(config: &Config, city: City, out: &Output, ready: impl FnOnce()) -> Result<u8, Error> {
    match server::serve(config, city, ready) {
        Ok(()) => Ok(OK),
        Err(error) => {
            out.error(&error);
            Ok(FAILED)
        }
    }
}

/// What there is and what to try next.
fn welcome(base: &str, out: &Output) {
    out.say(format!("演示城市已启动：{base}\n"), format!("The demo city is running: {base}\n"));
    out.say("机关（签发令牌 · 窗口令牌）", "Agencies (issuing token · window token)");
    if let Ok(agencies) = Agencies::shipped() {
        for agency in &agencies {
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
    out.say("试一试（另开一个终端）：", "Try next, in a second terminal:");
    for line in [
        format!("curl {base}/.well-known/certless/trust"),
        format!("curl -H 'authorization: Bearer demo-agency-GA' {base}/api/credentials"),
        "certless wallet list".to_owned(),
    ] {
        out.line(format!("  {line}"));
    }
    out.say("\n按 Ctrl-C 停止。", "\nStop with Ctrl-C.");
}
