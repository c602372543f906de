//! `certless log verify --store DIR|FILE`: every record beside its leaf, with the operator's keys.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::VerifyArgs;
use super::verify::{conclude, held};
use crate::adapters::store::import::into_memory;
use crate::adapters::store::memory::MemoryStore;
use crate::app::config::Config;
use crate::app::open::{assemble_with, keyring, store};
use crate::base::clock::{Clock, SystemClock};
use crate::base::json::{Value, json};
use crate::base::random::SystemRandom;
use crate::cli::output::{Output, file_error};
use crate::cli::reach::settle_log;
use crate::cli::{OK, REFUSED};
use crate::domain::city::{City, Ports};
use crate::domain::error::Error;
use crate::domain::log_audit::Findings;
use crate::domain::log_audit::follow::consistent;
use crate::domain::log_audit::store::compare;
use crate::domain::ports::Store;
use crate::tlog::checkpoint::Checkpoint;

/// Verifies, and says what was found.
pub(super) fn run(args: &VerifyArgs, out: Output) -> Result<u8, Error> {
    let city = open(args)?;
    settle_log(&city)?;
    let mut findings = Findings::default();
    let head = city.store().log_head()?;
    if let Some(file) = &args.checkpoint {
        let now = Checkpoint { origin: city.log_origin(), size: head.size, root: head.root };
        if let Err(fault) = consistent(&city, &held(file, &city.log_policy()?)?, &now)? {
            findings.fault(fault);
        }
    }
    let bar = out.progress(usize::try_from(head.size).unwrap_or_default(), "正在核对", "comparing");
    let replay = compare(&city, &mut findings, &|done| bar.inc(done))?;
    bar.finish_and_clear();
    if args.json {
        let mut told = findings.to_json();
        let kinds = replay.kinds.iter().map(|(kind, count)| (kind.name().to_owned(), json!(count)));
        told.insert("kinds".to_owned(), Value::Object(kinds.collect()));
        told.insert("size".to_owned(), head.size.into());
        out.line(Value::Object(told).to_string());
    } else {
        for (what, count) in &findings.checked {
            out.say(format!("  {count:>9} {}", chinese(what)), format!("  {count:>9} {what}"));
        }
        conclude(&findings, None, out);
    }
    Ok(if findings.faults == 0 { OK } else { REFUSED })
}

/// What is compared, in Chinese.
fn chinese(what: &str) -> &str {
    match what {
        "applications" => "办件",
        "credentials" => "证照",
        "events" => "审计事件",
        "leaves" => "日志条目",
        "lists" => "状态列表",
        "published" => "公布的名录、类型和事项",
        "uses" => "用证记录",
        other => other,
    }
}

/// The city of a data folder, a store's folder, or an export.
fn open(args: &VerifyArgs) -> Result<City, Error> {
    let place = args.store.clone().unwrap_or_default();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let config = config(args, &place)?;
    let store: Arc<dyn Store> = if place.is_dir() {
        Arc::new(store(&config, &clock)?)
    } else {
        let file = File::open(&place).map_err(|error| file_error(&place, &error))?;
        Arc::new(MemoryStore::holding(into_memory(BufReader::new(file))?.0, Arc::clone(&clock)))
    };
    let ring = keyring(&config)?;
    let ports = Ports { store, clock, random: Arc::new(SystemRandom), web: None, key_maker: None };
    assemble_with(&config.base_url, &ring, ports, config.rules()?)
}

/// The configuration that goes with a store: its own folder's, where that has one; keys beside it, where they are there.
fn config(args: &VerifyArgs, place: &Path) -> Result<Config, Error> {
    let data = data_folder(place);
    let own = data.join("certless.json");
    let file = args.place.config.clone().or_else(|| Some(own).filter(|own| own.exists()));
    let mut config = super::Place { config: file, ..args.place.clone() }.config()?;
    if place.is_dir() {
        let beside = data.join("keys");
        if args.place.keys.is_none() && config.keys_folder() == args.place.keys_folder() && beside.is_dir() {
            config.keys = Some(beside);
        }
        config.data = data;
    }
    Ok(config)
}

fn data_folder(place: &Path) -> PathBuf {
    let parent =
        place.parent().filter(|_| !place.join("store").is_dir() && place.file_name() == Some("store".as_ref()));
    parent.unwrap_or(place).to_owned()
}
