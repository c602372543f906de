//! `certless keys`: the agencies' keys and what the trust registry says of them.

use super::OK;
use super::args::{KeysArgs, KeysCommand};
use super::output::Output;
use crate::app::open;
use crate::base::id::AgencyCode;
use crate::base::time::{parse_rfc3339, rfc3339};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};

/// Lists or changes keys of a city whose store nobody else holds.
pub fn run(args: &KeysArgs, out: Output) -> Result<u8, Error> {
    let config = args.place.config()?;
    let city = open::city(&config)?;
    match &args.command {
        KeysCommand::List => list(&city, out),
        KeysCommand::New { agency } => new(&city, agency, out)?,
        KeysCommand::Rotate { agency } => rotate(&city, agency, out)?,
        KeysCommand::Retire { agency, key, at } => {
            let at = at.as_deref().map(parse_rfc3339).transpose()?.unwrap_or_else(|| city.now());
            city.retire_key(agency, key, at)?;
            out.say(
                format!("{agency} 的密钥 {key} 自 {} 起停用。", rfc3339(at)),
                format!("Key {key} of {agency} is retired from {}.", rfc3339(at)),
            );
        }
        KeysCommand::Compromise { agency, key, from } => {
            let from = parse_rfc3339(from)?;
            city.compromise_key(agency, key, from)?;
            out.say(
                format!("{agency} 的密钥 {key} 已标记为失密：{} 起签发的证照不再通过核验，请换发。", rfc3339(from)),
                format!("Key {key} of {agency} is marked compromised: what it signed from {} on is refused. Issue it again.", rfc3339(from)),
            );
        }
    }
    open::write_trust_copy(&config.keys_folder(), &city)?;
    Ok(OK)
}

fn list(city: &City, out: Output) {
    let registry = city.registry();
    out.say(
        format!("信任名录第 {} 版，有效至 {}", registry.version, rfc3339(registry.expires)),
        format!("Trust registry version {}, valid until {}", registry.version, rfc3339(registry.expires)),
    );
    for agency in &registry.agencies {
        out.line(format!("{}  {}", agency.code, agency.name.get(out.lang)));
        for key in &agency.keys {
            let state = match (key.compromised_from, key.valid_until) {
                (Some(from), _) => format!("{} {}", out.lang.pick("失密自", "compromised from"), rfc3339(from)),
                (None, Some(until)) => format!("{} {}", out.lang.pick("停用于", "retired at"), rfc3339(until)),
                (None, None) => out.lang.pick("使用中", "in use").to_owned(),
            };
            out.line(format!("  {}  {} –  {state}  {}", key.id, rfc3339(key.valid_from), key.key.thumbprint()));
        }
    }
}

fn new(city: &City, agency: &AgencyCode, out: Output) -> Result<(), Error> {
    if city.registry().agency(agency).is_some_and(|agency| !agency.keys.is_empty()) {
        return Err(Error::new(ErrorKind::Conflict, "the agency has a key").says(
            format!("{agency} 已有密钥；要更换请用 keys rotate。"),
            format!("{agency} has a key. To replace it use keys rotate."),
        ));
    }
    rotate(city, agency, out)
}

fn rotate(city: &City, agency: &AgencyCode, out: Output) -> Result<(), Error> {
    let key = city.rotate_key(agency)?;
    out.say(
        format!("{agency} 现用密钥：{key}。此前签发的证照仍然有效。"),
        format!("{agency} signs with {key} from now on. What was signed before stays valid."),
    );
    Ok(())
}
