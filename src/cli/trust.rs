//! `certless trust`: other cities whose licences are accepted, the bundle for verifiers without a network, and what they
//! accepted. Here, or on a running server.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output::{Output, file_error, write_private};
use super::reach::{Reach, ReachArgs};
use super::verify::age;
use super::{OK, REFUSED};
use crate::adapters::client::Client;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Value, json};
use crate::base::time::{china_clock, china_date, parse_rfc3339};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::abroad::subscribe::NewPartner;
use crate::http::partners::{glimpse_json, partner_json, partners_json, update_json};
use crate::http::reconcile::outcomes_json;

/// Longest journal that is read, bytes.
const MOST_JOURNAL: u64 = 12 << 20;

/// Options of `trust`.
#[derive(Args, Debug)]
pub struct TrustArgs {
    /// Where the city is.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: TrustCommand,
}

/// What to do about trust between cities.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Accept another city's licences of named types. Without --root its fingerprint is shown, to be compared by telephone.
    Add {
        /// The other city's public origin.
        #[arg(value_name = "URL")]
        url: String,
        /// Its root key as it was compared: the fingerprint, a multikey or a did:key.
        #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
        root: Option<String>,
        /// The types that are accepted, with commas between.
        #[arg(long, value_name = "TYPE", value_delimiter = ',')]
        types: Vec<TypeCode>,
        /// The agencies that are accepted, with commas between; every one otherwise.
        #[arg(long, value_name = "CODE", value_delimiter = ',')]
        agencies: Vec<AgencyCode>,
    },
    /// The cities that are accepted, how old what is known of them is, and this city's own fingerprint.
    List,
    /// Accept a city's licences no more.
    Remove {
        /// The city: its DID or its origin.
        #[arg(value_name = "CITY")]
        city: String,
    },
    /// Ask one city, or every one, for a newer registry now.
    Update {
        /// The city: its DID or its origin.
        #[arg(value_name = "CITY")]
        city: Option<String>,
    },
    /// Write what a verifier without a network takes along: registries, status lists, checkpoint.
    Bundle {
        /// The file.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        /// Get it from a city that anyone may ask, by its address; no token is needed.
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
    /// Look again at what was accepted without a network. Exit 1 when an acceptance does not stand.
    Reconcile {
        /// The journal of certless verify --journal.
        #[arg(value_name = "FILE")]
        journal: PathBuf,
    },
}

/// Does what was asked.
pub fn run(args: &TrustArgs, out: Output) -> Result<u8, Error> {
    if let TrustCommand::Bundle { out: file, from: Some(from) } = &args.command {
        return take_bundle(&Client::open(from, None, args.reach.ca.as_deref())?, file, out);
    }
    let reach = Reach::open(&args.reach)?;
    match &args.command {
        TrustCommand::Add { url, root, types, agencies } => match root {
            Some(root) => add(&reach, url, root, types, agencies, out),
            None => look(&reach, url, out),
        },
        TrustCommand::List => {
            list(&partners(&reach)?, out);
            Ok(OK)
        }
        TrustCommand::Remove { city } => remove(&reach, city, out),
        TrustCommand::Update { city } => update(&reach, city.as_deref(), out),
        TrustCommand::Bundle { out: file, .. } => bundle(&reach, file, out),
        TrustCommand::Reconcile { journal } => reconcile(&reach, journal, out),
    }
}

fn look(reach: &Reach, url: &str, out: Output) -> Result<u8, Error> {
    let told = match reach {
        Reach::Here(city) => glimpse_json(&city.glimpse(url)?),
        Reach::There(client) => client.post("/api/trust/look", &json!({"url": url}))?,
    };
    let (name, print) = (text(&told, out.lang.pick("/name/zh", "/name/en")), text(&told, "/fingerprint"));
    out.line(format!("{name}  {}", text(&told, "/city")));
    for agency in items(&told, "agencies") {
        let types: Vec<_> = items(agency, "types").filter_map(Value::as_str).collect();
        let name = text(agency, out.lang.pick("/name/zh", "/name/en"));
        out.line(format!("  {}  {name}  {}", text(agency, "/agency"), types.join(",")));
    }
    out.say(
        format!("根密钥指纹：{print}\n请通过电话等其他渠道与对方核对（对方用 trust list 查看）。一致后加 --root {print} 和 --types 再次执行。"),
        format!("Fingerprint of the root key: {print}\nCompare it with the other city over another channel (there: trust list), then run this again with --root {print} and --types."),
    );
    Ok(REFUSED)
}

fn add(
    reach: &Reach,
    url: &str,
    root: &str,
    types: &[TypeCode],
    agencies: &[AgencyCode],
    out: Output,
) -> Result<u8, Error> {
    let partner = match reach {
        Reach::Here(city) => {
            let (types, agencies) = (types.to_vec(), agencies.to_vec());
            let new = NewPartner { url: url.to_owned(), root: root.to_owned(), types, agencies };
            partner_json(&city.add_partner(&new)?, city.now())
        }
        Reach::There(client) => {
            client.post("/api/trust", &json!({"url": url, "root": root, "types": types, "agencies": agencies}))?
        }
    };
    print_partner(&partner, out);
    Ok(OK)
}

fn partners(reach: &Reach) -> Result<Value, Error> {
    match reach {
        Reach::Here(city) => Ok(partners_json(city)),
        Reach::There(client) => client.get("/api/trust"),
    }
}

fn list(told: &Value, out: Output) {
    let (city, print) = (text(told, "/city"), text(told, "/fingerprint"));
    out.say(
        format!("本市 {city}，名录第 {} 版，根密钥指纹：{print}", number(told, "version")),
        format!("This city {city}, registry version {}, fingerprint of its root key: {print}", number(told, "version")),
    );
    let mut any = false;
    for partner in items(told, "partners") {
        any = true;
        print_partner(partner, out);
    }
    if !any {
        out.say("没有互认的城市。", "No other city is accepted.");
    }
}

fn print_partner(partner: &Value, out: Output) {
    let name = text(partner, out.lang.pick("/name/zh", "/name/en"));
    let joined = |list: &str| items(partner, list).filter_map(Value::as_str).collect::<Vec<_>>().join(",");
    let agencies = Some(joined("agencies")).filter(|codes| !codes.is_empty());
    let agencies = agencies.unwrap_or_else(|| out.lang.pick("全部机关", "every agency").to_owned());
    out.line(format!("{name}  {}", text(partner, "/city")));
    out.say(
        format!("  承认 {}（{agencies}）", joined("types")),
        format!("  accepted: {} of {agencies}", joined("types")),
    );
    let (version, expires) = (number(partner, "version"), local(text(partner, "/expires")));
    let age = age(i64::try_from(number(partner, "ageSeconds")).unwrap_or(i64::MAX), out.lang);
    out.say(
        format!("  名录第 {version} 版，有效至 {expires}，{age}前确认为最新"),
        format!("  registry version {version}, valid until {expires}, known to be the newest {age} ago"),
    );
    let detail = text(partner, "/trouble/detail");
    match text(partner, "/trouble/kind") {
        "rolledBack" => out.say(
            "  ！对方公布的名录比已收到的旧：核验暂停，请联系对方核实",
            "  ! it publishes an older registry than before: verification is halted; call the other city",
        ),
        "forked" => out.say(
            "  ！对方公布的名录前后矛盾：核验暂停，请联系对方核实，查清后移除并重新添加",
            "  ! it publishes two different registries: verification is halted; clear it up, then remove and add the city",
        ),
        "rootCompromised" => out.say(
            format!("  ！对方根密钥已失密并更换：核验暂停。请通过电话核对新指纹 {detail}，一致后执行 trust add 并加 --root {detail}"),
            format!("  ! its root key was compromised and replaced: verification is halted; compare the new fingerprint {detail} by telephone, then run trust add with --root {detail}"),
        ),
        "notHad" => out.say(
            format!("  ！上次未能取到新名录：{detail}"),
            format!("  ! its registry was not to be had the last time: {detail}"),
        ),
        _ => {}
    }
}

fn remove(reach: &Reach, named: &str, out: Output) -> Result<u8, Error> {
    let did = did_of(&partners(reach)?, named)?;
    match reach {
        Reach::Here(city) => city.remove_partner(&did)?,
        Reach::There(client) => drop(client.post("/api/trust/remove", &json!({"city": did}))?),
    }
    out.say(format!("不再承认 {did} 的证照。"), format!("Licences of {did} are accepted no more."));
    Ok(OK)
}

fn update(reach: &Reach, named: Option<&str>, out: Output) -> Result<u8, Error> {
    let did = named.map(|named| did_of(&partners(reach)?, named)).transpose()?;
    let told = match reach {
        Reach::Here(city) => update_json(city, did.as_deref())?,
        Reach::There(client) => client.post("/api/trust/update", &json!({"city": did}))?,
    };
    list(&told, out);
    let trouble = items(&told, "partners").any(|partner| !partner["trouble"].is_null());
    Ok(if trouble { REFUSED } else { OK })
}

/// The DID of a city that is named by DID or origin.
fn did_of(told: &Value, named: &str) -> Result<String, Error> {
    let named = named.trim_end_matches('/');
    let mut found = items(told, "partners").filter(|one| text(one, "/city") == named || text(one, "/base") == named);
    let missing = || {
        Error::new(ErrorKind::Refused, "not a city that is accepted").says(
            format!("没有与 {named} 互认，请用 trust list 核对。"),
            format!("{named} is not an accepted city. See trust list."),
        )
    };
    found.next().map(|one| text(one, "/city").to_owned()).ok_or_else(missing)
}

fn bundle(reach: &Reach, file: &Path, out: Output) -> Result<u8, Error> {
    match reach {
        Reach::Here(city) => write_bundle(&city.bundle()?, file, out),
        Reach::There(client) => take_bundle(client, file, out),
    }
}

fn take_bundle(client: &Client, file: &Path, out: Output) -> Result<u8, Error> {
    write_bundle(client.get("/.well-known/certless/bundle")?.to_string().as_bytes(), file, out)
}

fn write_bundle(bytes: &[u8], file: &Path, out: Output) -> Result<u8, Error> {
    write_private(file, bytes).map_err(|error| file_error(file, &error))?;
    let (name, size) = (file.display(), bytes.len());
    out.say(
        format!("离线核验包 {name}（{size} 字节）。用法：certless verify 文件 --bundle {name}"),
        format!("Offline bundle {name} ({size} bytes). Use it: certless verify FILE --bundle {name}"),
    );
    Ok(OK)
}

fn reconcile(reach: &Reach, file: &Path, out: Output) -> Result<u8, Error> {
    let length = fs::metadata(file).map_err(|error| file_error(file, &error))?.len();
    if length > MOST_JOURNAL {
        return Err(Error::new(ErrorKind::TooLarge, format!("{length} bytes")));
    }
    let journal = fs::read_to_string(file).map_err(|error| file_error(file, &error))?;
    let told = match reach {
        Reach::Here(city) => outcomes_json(&city.reconcile(&journal, None)?),
        Reach::There(client) => client.post("/api/reconcile", &json!({"journal": journal}))?,
    };
    let (entries, standing) = (number(&told, "entries"), number(&told, "standing"));
    if entries == 0 {
        out.say(
            "没有新的记录：此前已全部核对，已指出的问题请按当时的结果处理。",
            "Nothing new: every entry was looked at before, and what was told then still holds.",
        );
        return Ok(OK);
    }
    out.say(
        format!("核对 {entries} 条，其中 {standing} 条无误。"),
        format!("{entries} entries looked at, {standing} of them stand."),
    );
    for outcome in items(&told, "outcomes").filter(|one| items(one, "notes").next().is_some()) {
        let named = |one| Some(text(one, out.lang.pick("/name/zh", "/name/en"))).filter(|name| !name.is_empty());
        let types: Vec<_> =
            items(outcome, "types").map(|one| named(one).unwrap_or_else(|| text(one, "/code"))).collect();
        let (at, place) = (local(text(outcome, "/at")), text(outcome, "/place"));
        out.line(format!("{at}  {place}  {}", types.join(", ")));
        for note in items(outcome, "notes") {
            let mark = if note["grave"] == true { "✗" } else { "–" };
            out.line(format!("  {mark} {}{}", text(note, out.lang.pick("/zh", "/en")), other(note, out)));
        }
    }
    Ok(if entries == standing { OK } else { REFUSED })
}

/// The other place of a note, in brackets.
fn other(note: &Value, out: Output) -> String {
    match text(note, "/other/place") {
        "" => String::new(),
        place => out
            .lang
            .pick("（另一处：{}）", " (the other place: {})")
            .replace("{}", &format!("{place} {}", local(text(note, "/other/at")))),
    }
}

/// A time by the clock of those who read it.
fn local(at: &str) -> String {
    parse_rfc3339(at).map_or_else(|_| at.to_owned(), |at| format!("{} {}", china_date(at), china_clock(at)))
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}
