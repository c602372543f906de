//! `certless witness`: who cosigns the city's log, and which logs the city cosigns.

use clap::{Args, Subcommand};

use super::OK;
use super::companion::key;
use super::output::Output;
use super::reach::{Reach, ReachArgs, console};
use crate::base::json::{Value, json};
use crate::domain::error::Error;

/// Options of `witness`.
#[derive(Args, Debug)]
pub struct WitnessArgs {
    /// Where the city is.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: WitnessCommand,
}

/// What to do about witnesses.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Have a witness cosign the city's log.
    Add {
        /// Its submission address; another certless answers under /witness.
        url: String,
        /// Its key, name+id+key of type 4, or a file with it.
        key: String,
    },
    /// Ask a witness no longer.
    Remove {
        /// The name of its key.
        name: String,
    },
    /// Witness the log of another: cosign its checkpoints as long as it only grows.
    Log {
        /// Its keys, name+id+key of type 1, or files with them.
        #[arg(required = true, value_name = "KEY")]
        log_keys: Vec<String>,
        /// Its origin line; the name of its first key otherwise.
        #[arg(long, value_name = "NAME")]
        origin: Option<String>,
    },
    /// Witness a log no longer.
    Forget {
        /// Its origin line.
        origin: String,
    },
    /// The witnesses and how they stand, the logs that are witnessed, and the city's own witness key.
    List,
}

/// Does it and says what was done.
pub fn run(args: &WitnessArgs, out: Output) -> Result<u8, Error> {
    let reach = Reach::open(&args.reach)?;
    match &args.command {
        WitnessCommand::Add { url, key: named } => {
            let key = key(named)?.to_string();
            let made = match &reach {
                Reach::Here(city) => {
                    let made = city.add_witness(url, &key, &console())?;
                    json!({"name": made.name(), "url": made.url})
                }
                Reach::There(client) => client.post("/api/witnesses", &json!({"url": url, "key": key}))?,
            };
            let (name, url) = (text(&made, "name"), text(&made, "url"));
            out.say(format!("见证人：{name}（{url}）"), format!("Witness: {name} ({url})"));
        }
        WitnessCommand::Log { log_keys, origin } => {
            let keys = log_keys.iter().map(|named| Ok(key(named)?.to_string())).collect::<Result<Vec<_>, Error>>()?;
            let made = match &reach {
                Reach::Here(city) => {
                    json!({"origin": city.witness_log(origin.as_deref(), &keys, &console())?.origin})
                }
                Reach::There(client) => client.post("/api/witnessed-logs", &json!({"origin": origin, "keys": keys}))?,
            };
            let origin = text(&made, "origin");
            out.say(format!("开始见证日志：{origin}"), format!("Witnessing the log: {origin}"));
        }
        WitnessCommand::Remove { name } => {
            remove(&reach, "/api/witnesses/remove", name)?;
            out.say(format!("不再询问见证人：{name}"), format!("No longer asked: {name}"));
        }
        WitnessCommand::Forget { origin } => {
            remove(&reach, "/api/witnessed-logs/remove", origin)?;
            out.say(format!("不再见证日志：{origin}"), format!("No longer witnessed: {origin}"));
        }
        WitnessCommand::List => list(&reach, out)?,
    }
    Ok(OK)
}

fn remove(reach: &Reach, path: &str, name: &str) -> Result<(), Error> {
    match reach {
        Reach::Here(city) if path.contains("logs") => city.forget_log(name, &console()),
        Reach::Here(city) => city.remove_witness(name, &console()),
        Reach::There(client) => client.post(path, &json!({"name": name})).map(drop),
    }
}

fn list(reach: &Reach, out: Output) -> Result<(), Error> {
    let state = match reach {
        Reach::Here(city) => city.witness_state(true)?,
        Reach::There(client) => client.get("/api/witnesses")?,
    };
    let own = state.pointer("/own/key").and_then(Value::as_str).unwrap_or_default();
    out.say(format!("本城市的见证公钥：{own}"), format!("This city's witness key: {own}"));
    let (size, quorum) = (number(&state, "size"), number(&state, "quorum"));
    let witnessed = number(&state, "witnessed");
    out.say(
        format!("日志 {size} 条，已见证到 {witnessed} 条，须 {quorum} 位见证人签名"),
        format!("Log of {size} entries, witnessed up to {witnessed}, quorum {quorum}"),
    );
    for witness in items(&state, "witnesses") {
        let (name, url, detail) = (text(witness, "name"), text(witness, "url"), text(witness, "detail"));
        let standing = standing(text(witness, "state"), out);
        out.line(format!("  {name:<32} {standing:<10} {:>10}  {url}  {detail}", number(witness, "size")));
    }
    for log in items(&state, "logs") {
        let (origin, at) = (text(log, "origin"), text(log, "at"));
        let kind = out.lang.pick("见证", "witnessed");
        out.line(format!("  {origin:<32} {kind:<10} {:>10}  {at}", number(log, "size")));
    }
    Ok(())
}

fn standing(state: &str, out: Output) -> &'static str {
    match state {
        "current" => out.lang.pick("已签名", "current"),
        "behind" => out.lang.pick("稍落后", "behind"),
        "down" => out.lang.pick("无应答", "down"),
        "ahead" => out.lang.pick("日志倒退", "ahead"),
        "refused" => out.lang.pick("日志分叉", "refused"),
        _ => out.lang.pick("未询问", "new"),
    }
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
