//! `certless keys`: the agencies' keys and what the trust registry says of them, here or on a running server.

use super::OK;
use super::args::{KeysArgs, KeysCommand};
use super::output::Output;
use crate::adapters::client::Client;
use crate::app::open;
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::time::{parse_rfc3339, rfc3339};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::http::keys::keys_json;

/// Lists or changes keys: of a city whose store nobody else holds, or through the server that holds it.
pub fn run(args: &KeysArgs, out: Output) -> Result<u8, Error> {
    if let Some(server) = &args.server {
        let client = Client::open(server, args.token.as_deref(), args.ca.as_deref())?;
        on_server(&client, &args.command, out)?;
        return Ok(OK);
    }
    let config = args.place.city()?;
    let city = open::city(&config)?;
    here(&city, &args.command, out)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    Ok(OK)
}

fn here(city: &City, command: &KeysCommand, out: Output) -> Result<(), Error> {
    match command {
        KeysCommand::List => list(&keys_json(&city.registry()), out),
        KeysCommand::New { agency } => {
            require_none(&keys_json(&city.registry()), agency)?;
            rotated(agency, &city.rotate_key(agency)?, out);
        }
        KeysCommand::Rotate { agency } => rotated(agency, &city.rotate_key(agency)?, out),
        KeysCommand::Retire { agency, key, at } => {
            let at = at.as_deref().map(parse_rfc3339).transpose()?.unwrap_or_else(|| city.now());
            city.retire_key(agency, key, at)?;
            retired(agency, key, &rfc3339(at), out);
        }
        KeysCommand::Compromise { agency, key, from } => {
            city.compromise_key(agency, key, parse_rfc3339(from)?)?;
            compromised(agency, key, from, out);
        }
    }
    Ok(())
}

fn on_server(client: &Client, command: &KeysCommand, out: Output) -> Result<(), Error> {
    let rotate = |agency: &AgencyCode| {
        let answer = client.post(&format!("/api/keys/{agency}/rotate"), &json!({}))?;
        rotated(agency, text(&answer, "/key"), out);
        Ok::<(), Error>(())
    };
    match command {
        KeysCommand::List => list(&client.get("/api/keys")?, out),
        KeysCommand::New { agency } => {
            require_none(&client.get("/api/keys")?, agency)?;
            rotate(agency)?;
        }
        KeysCommand::Rotate { agency } => rotate(agency)?,
        KeysCommand::Retire { agency, key, at } => {
            client.post(&format!("/api/keys/{agency}/retire"), &json!({"key": key, "at": at}))?;
            retired(agency, key, at.as_deref().unwrap_or(out.lang.pick("现在", "now")), out);
        }
        KeysCommand::Compromise { agency, key, from } => {
            client.post(&format!("/api/keys/{agency}/compromise"), &json!({"key": key, "at": from}))?;
            compromised(agency, key, from, out);
        }
    }
    Ok(())
}

fn list(keys: &Value, out: Output) {
    let (version, expires) = (keys.get("version").and_then(Value::as_u64).unwrap_or_default(), text(keys, "/expires"));
    out.say(
        format!("信任名录第 {version} 版，有效至 {expires}"),
        format!("Trust registry version {version}, valid until {expires}"),
    );
    for agency in items(keys, "agencies") {
        out.line(format!("{}  {}", text(agency, "/agency"), text(agency, out.lang.pick("/name/zh", "/name/en"))));
        for key in items(agency, "keys") {
            let state = match (text(key, "/compromisedFrom"), text(key, "/validUntil")) {
                ("", "") => out.lang.pick("使用中", "in use").to_owned(),
                ("", until) => format!("{} {until}", out.lang.pick("停用于", "retired at")),
                (from, _) => format!("{} {from}", out.lang.pick("失密自", "compromised from")),
            };
            let (id, from, thumbprint) = (text(key, "/id"), text(key, "/validFrom"), text(key, "/thumbprint"));
            out.line(format!("  {id}  {from} –  {state}  {thumbprint}"));
        }
    }
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Fails for an agency that has a key.
fn require_none(keys: &Value, agency: &AgencyCode) -> Result<(), Error> {
    let found = items(keys, "agencies").find(|one| text(one, "/agency") == agency.as_str());
    if found.is_some_and(|one| items(one, "keys").next().is_some()) {
        return Err(Error::new(ErrorKind::Conflict, "the agency has a key").says(
            format!("{agency} 已有密钥；要更换请用 keys rotate。"),
            format!("{agency} has a key. To replace it use keys rotate."),
        ));
    }
    Ok(())
}

fn rotated(agency: &AgencyCode, key: &str, out: Output) {
    out.say(
        format!("{agency} 现用密钥：{key}。此前签发的证照仍然有效。"),
        format!("{agency} signs with {key} from now on. What was signed before stays valid."),
    );
}

fn retired(agency: &AgencyCode, key: &str, at: &str, out: Output) {
    out.say(format!("{agency} 的密钥 {key} 自 {at} 起停用。"), format!("Key {key} of {agency} is retired from {at}."));
}

fn compromised(agency: &AgencyCode, key: &str, from: &str, out: Output) {
    out.say(
        format!("{agency} 的密钥 {key} 已标记为失密：{from} 起签发的证照不再通过核验，请换发。"),
        format!(
            "Key {key} of {agency} is marked compromised: what it signed from {from} on is refused. Issue it again."
        ),
    );
}
