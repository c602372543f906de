//! `certless keys`: the keys of the agencies and of the city itself, and what the trust registry says of them, here or on a
//! running server.

use super::OK;
use super::args::{KeysArgs, KeysCommand};
use super::output::Output;
use crate::adapters::client::Client;
use crate::app::open;
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::time::{parse_rfc3339, rfc3339};
use crate::domain::city::City;
use crate::domain::city::keys::OwnRole;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::own::OVERLAP_DAYS;
use crate::http::keys::keys_json;

/// Lists or changes keys: of a city whose store nobody else holds, or through the server that holds it.
pub fn run(args: &KeysArgs, out: Output) -> Result<u8, Error> {
    if let Some(server) = &args.holder.server {
        let client = Client::open(server, args.holder.token.as_deref(), args.holder.ca.as_deref())?;
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
        KeysCommand::Rotate { own, agency, overlap } => match (*own, agency) {
            (Some(role), _) => {
                let days = overlap.unwrap_or(OVERLAP_DAYS);
                let key = city.rotate_own(role, i64::from(days) * 86_400)?;
                let print = city.keys().own().root.signer.public_key().thumbprint();
                rotated_own(role, &key, &print, days, out);
            }
            (None, Some(agency)) => rotated(agency, &city.rotate_key(agency)?, out),
            (None, None) => return Err(neither()),
        },
        KeysCommand::Retire { agency, key, at } => {
            let at = at.as_deref().map(parse_rfc3339).transpose()?.unwrap_or_else(|| city.now());
            city.retire_key(agency, key, at)?;
            retired(agency, key, &rfc3339(at), out);
        }
        KeysCommand::Compromise { agency: Some(agency), key, from } => {
            city.compromise_key(agency, key, parse_rfc3339(from)?)?;
            compromised(agency, key, from, out);
        }
        KeysCommand::Compromise { agency: None, key, from } => {
            let role = role_of(key)?;
            city.compromise_own(role, key, parse_rfc3339(from)?)?;
            compromised_own(role, key, from, &city.keys().own().root.signer.public_key().thumbprint(), out);
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
        KeysCommand::Rotate { own, agency, overlap } => match (*own, agency) {
            (Some(role), _) => {
                let days = overlap.unwrap_or(OVERLAP_DAYS);
                let path = format!("/api/keys/city/{}/rotate", role.name());
                let answer = client.post(&path, &json!({"overlapDays": days}))?;
                rotated_own(role, text(&answer, "/key"), text(&answer, "/fingerprint"), days, out);
            }
            (None, Some(agency)) => rotate(agency)?,
            (None, None) => return Err(neither()),
        },
        KeysCommand::Retire { agency, key, at } => {
            client.post(&format!("/api/keys/{agency}/retire"), &json!({"key": key, "at": at}))?;
            retired(agency, key, at.as_deref().unwrap_or(out.lang.pick("现在", "now")), out);
        }
        KeysCommand::Compromise { agency: Some(agency), key, from } => {
            client.post(&format!("/api/keys/{agency}/compromise"), &json!({"key": key, "at": from}))?;
            compromised(agency, key, from, out);
        }
        KeysCommand::Compromise { agency: None, key, from } => {
            let role = role_of(key)?;
            let path = format!("/api/keys/city/{}/compromise", role.name());
            let answer = client.post(&path, &json!({"key": key, "at": from}))?;
            let newest = items(answer.get("city").unwrap_or(&Value::Null), "roots").last();
            compromised_own(role, key, from, newest.map(|root| text(root, "/thumbprint")).unwrap_or_default(), out);
        }
    }
    Ok(())
}

fn role_of(key: &str) -> Result<OwnRole, Error> {
    OwnRole::from_name(key.split('-').next().unwrap_or_default()).ok_or_else(|| {
        Error::malformed("no key of the city").says(
            format!("城市没有名为 {key} 的密钥；机关的密钥请加 --agency 机构代码。"),
            format!("The city has no key {key}. For a key of an agency give --agency CODE."),
        )
    })
}

fn neither() -> Error {
    Error::malformed("neither a key of the city nor an agency")
        .says("请写明 root、log、witness 或 --agency 机构代码。", "Name root, log, witness or --agency CODE.")
}

fn list(keys: &Value, out: Output) {
    let (version, expires) = (keys.get("version").and_then(Value::as_u64).unwrap_or_default(), text(keys, "/expires"));
    out.say(
        format!("信任名录第 {version} 版，有效至 {expires}"),
        format!("Trust registry version {version}, valid until {expires}"),
    );
    let city = keys.get("city").unwrap_or(&Value::Null);
    out.say("城市自身", "The city itself");
    for kind in ["roots", "logs", "witnesses"] {
        items(city, kind).for_each(|key| list_key(key, out));
    }
    for agency in items(keys, "agencies") {
        out.line(format!("{}  {}", text(agency, "/agency"), text(agency, out.lang.pick("/name/zh", "/name/en"))));
        items(agency, "keys").for_each(|key| list_key(key, out));
    }
}

fn list_key(key: &Value, out: Output) {
    let state = match (text(key, "/compromisedFrom"), text(key, "/validUntil")) {
        ("", "") => out.lang.pick("使用中", "in use").to_owned(),
        ("", until) => format!("{} {until}", out.lang.pick("有效至", "until")),
        (from, _) => format!("{} {from}", out.lang.pick("失密自", "compromised from")),
    };
    let (id, from) = (text(key, "/id"), text(key, "/validFrom"));
    let what = [text(key, "/thumbprint"), text(key, "/key")].concat();
    out.line(format!("  {id}  {from} –  {state}  {what}"));
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

fn rotated_own(role: OwnRole, key: &str, print: &str, days: u16, out: Output) {
    match role {
        OwnRole::Root => out.say(
            format!("城市根密钥已更换为 {key}，此前的签名仍然有效。\n新指纹：{print}\n新名录由新旧两把根密钥共同签署，已互认的城市会自动跟随。请把新密钥文件离线备份。"),
            format!("The city's root key is {key} from now on; what was signed before stays valid.\nNew fingerprint: {print}\nOld and new root have both signed the new registry, so cities that accept this one follow by themselves. Back up the new key file."),
        ),
        OwnRole::Log => out.say(
            format!("日志密钥已更换为 {key}。旧密钥在 {days} 天内仍一并签署检查点；此前的检查点和证明仍然有效。"),
            format!("The log signs with {key} from now on, and with the old key too for {days} days. Earlier checkpoints and proofs stay valid."),
        ),
        OwnRole::Witness => out.say(
            format!("见证密钥已更换为 {key}，旧密钥在 {days} 天内仍一并签署。请把新公钥（witness list）告知所见证的城市。"),
            format!("The witness signs with {key} from now on, and with the old key too for {days} days. Tell the new key (witness list) to the cities that are witnessed."),
        ),
    }
}

fn compromised_own(role: OwnRole, key: &str, from: &str, print: &str, out: Output) {
    match role {
        OwnRole::Root => out.say(
            format!("根密钥 {key} 已标记为自 {from} 起失密。现用根密钥指纹：{print}\n互认城市和离线核验方不会自动跟随：请通过电话等其他渠道逐一核对新指纹（步骤见运维手册“根密钥失密”）。"),
            format!("Root key {key} is marked compromised from {from}. Fingerprint of the root key now: {print}\nOther cities and offline verifiers do not follow by themselves: compare the new fingerprint with each over another channel (the manual's chapter on operating tells how)."),
        ),
        OwnRole::Log | OwnRole::Witness => out.say(
            format!("密钥 {key} 已标记为自 {from} 起失密，不再使用。"),
            format!("Key {key} is marked compromised from {from} and signs no more."),
        ),
    }
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
