//! What the leaves say beside what the city publishes: status lists, the trust registry, types and matters.

use super::replay::{Replay, status_name};
use super::{Fault, Files, Findings};
use crate::base::id::ListId;
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::error::Error;
use crate::domain::trust::Registry;
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};
use crate::vc::status::token::{JWT_TYPE, Token};
use crate::vc::status::{SLOTS, Status};

const JSON: &str = "application/json";
/// Where the trust registry is.
pub const TRUST: &str = ".well-known/certless/trust";

/// Compares everything that anyone can see. An error when the city gives no trust registry, or an unsigned one.
pub fn compare(city: &dyn Files, replay: &Replay, findings: &mut Findings) -> Result<(), Error> {
    let registry = trust(city, replay, findings)?;
    schemas(city, replay, findings)?;
    for agency in &registry.agencies {
        let told = replay.slots.keys().filter(|list| list.agency == agency.code).map(|list| list.number).max();
        for number in 0..=told.unwrap_or_default() {
            list(city, &registry, &ListId { agency: agency.code.clone(), number }, replay, findings)?;
        }
    }
    Ok(())
}

/// Whether the registry that is published follows from the one that its reader trusts: by its root key or by handovers.
pub fn follows(city: &dyn Files, trusted: &Registry, findings: &mut Findings) -> Result<(), Error> {
    let current = city.read(TRUST, JSON)?.ok_or_else(|| missing(TRUST))?;
    let held = |key: &PublicKey| trusted.roots.last().is_some_and(|last| last.key.key == *key);
    if let Err(finding) = Registry::open_pinned(&current, &held, &Contexts::bundled()) {
        findings.fault(Fault::new(
            "trust_root",
            "trust registry",
            &format!("公布的信任名录不是由所信任的根密钥签署或移交而来（{}）。", finding.detail),
            &format!(
                "The published trust registry does not follow from the root key that is trusted ({}).",
                finding.detail
            ),
        ));
    }
    Ok(())
}

/// The registry in force; its digest and those of every version that is published must be in the log.
fn trust(city: &dyn Files, replay: &Replay, findings: &mut Findings) -> Result<Registry, Error> {
    let current = city.read(TRUST, JSON)?.ok_or_else(|| missing(TRUST))?;
    let registry = Registry::open_named(&current, &Contexts::bundled())?.registry;
    let mut one = |version: u64, bytes: &[u8]| {
        findings.count("trust", 1);
        if replay.trust.get(&version) != Some(&sha256(bytes)) {
            findings.fault(Fault::new(
                "trust_differs",
                format!("trust registry {version}"),
                &format!("公布的信任名录第 {version} 版不在日志中，或与日志所记不符。"),
                &format!("Version {version} of the trust registry as published is not the one in the log."),
            ));
        }
    };
    one(registry.version, &current);
    for version in replay.trust.keys().copied().filter(|version| *version != registry.version) {
        if let Some(bytes) = city.read(&format!("{TRUST}/{version}"), JSON)? {
            one(version, &bytes);
        }
    }
    if let Some((last, _)) = replay.trust.last_key_value()
        && *last > registry.version
    {
        findings.fault(Fault::new(
            "trust_old",
            format!("trust registry {}", registry.version),
            &format!("城市公布的信任名录是第 {} 版，日志中已有第 {last} 版。", registry.version),
            &format!("The city publishes version {} of its trust registry; the log has {last}.", registry.version),
        ));
    }
    Ok(registry)
}

fn schemas(city: &dyn Files, replay: &Replay, findings: &mut Findings) -> Result<(), Error> {
    let types =
        replay.types.iter().map(|((code, version), digest)| (format!("schemas/credentials/{code}/{version}"), digest));
    let matters = replay
        .matters
        .iter()
        .map(|((agency, version), digest)| (format!("schemas/matters/{agency}/{version}"), digest));
    for (path, digest) in types.chain(matters) {
        // A version that is published no more is history.
        let Some(bytes) = city.read(&path, "*/*")? else { continue };
        findings.count("schemas", 1);
        if sha256(&bytes) != *digest {
            findings.fault(Fault::new(
                "schema_differs",
                path.clone(),
                &format!("公布的 {path} 与日志所记不符。"),
                &format!("{path} as published is not the one in the log."),
            ));
        }
    }
    Ok(())
}

fn list(
    city: &dyn Files,
    registry: &Registry,
    list: &ListId,
    replay: &Replay,
    findings: &mut Findings,
) -> Result<(), Error> {
    let path = format!("status/{list}");
    let bytes = city.read(&path, JWT_TYPE)?.ok_or_else(|| missing(&path))?;
    let text = String::from_utf8(bytes).map_err(|_| missing(&path))?;
    let (token, _) = Token::from_jwt(text.trim(), &Published(registry))?;
    findings.count("lists", 1);
    let told = replay.slots.get(list);
    for slot in 0..SLOTS {
        let expected = told.and_then(|slots| slots.get(&slot)).copied().unwrap_or(Status::Valid);
        let there = token.list.get(slot.into());
        if there != Some(expected.bits()) {
            let there = there.and_then(Status::from_bits).map_or("?", status_name);
            findings.fault(differs(list, slot, expected, there));
        }
    }
    Ok(())
}

/// A slot that is not as the leaves say.
pub(super) fn differs(list: &ListId, slot: u32, expected: Status, there: &str) -> Fault {
    let expected = status_name(expected);
    Fault::new(
        "status_differs",
        format!("{list}/{slot}"),
        &format!("状态列表 {list} 第 {slot} 位为 {there}，按日志应为 {expected}。"),
        &format!("Slot {slot} of status list {list} is {there}; the log says {expected}."),
    )
}

/// The keys of a published registry.
struct Published<'a>(&'a Registry);

impl Keys for Published<'_> {
    fn resolve(&self, method: &str, _: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        let found = self.0.method(method);
        let (agency, key) =
            found.ok_or_else(|| Finding::invalid(Check::Proof, Code::KeyUnknown, "no key of the trust registry"))?;
        key.check(Some(at))?;
        Ok(ResolvedKey { key: key.key.clone(), controller: agency.did.clone() })
    }
}

fn missing(path: &str) -> Error {
    Error::not_found(format!("{path} is missing")).says(
        format!("城市没有公布 {path}，无法对照。"),
        format!("The city does not publish {path}; the log cannot be compared with it."),
    )
}
