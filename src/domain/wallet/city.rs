//! A city as the wallet knows it: the root key, remembered from the first time, and the newest registry that followed from
//! it, which names the log's keys.
//!
//! The first registry is believed because it comes from where the licence comes from; its root key's fingerprint is told, to
//! be compared by whoever wants to. From then on a registry counts that the remembered key signed, or one to which it
//! handed over; an older one than the one that is held does not take its place.

use serde::{Deserialize, Serialize};

use super::Wallet;
use super::receive::{Issuer, Request};
use crate::crypto::PublicKey;
use crate::domain::city::names::Names;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::trust::Registry;
use crate::domain::trust::abroad::accept::bound;
use crate::domain::trust::abroad::subscribe::is_named;
use crate::domain::trust::document::Named;
use crate::vc::contexts::Contexts;

/// Where a registry is published.
const PATH: &str = "/.well-known/certless/trust";

/// What is kept of a city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCity {
    /// Its address.
    pub base: String,
    /// The root key that signed the registry, a multikey.
    pub root: String,
    /// The registry as it was published.
    registry: String,
}

impl KnownCity {
    /// The registry, read again.
    pub fn registry(&self) -> Result<Registry, Error> {
        let root = PublicKey::from_multikey(&self.root).map_err(|error| Error::malformed(error.to_string()))?;
        Ok(Registry::open(self.registry.as_bytes(), &root, &Contexts::bundled())?)
    }

    /// The fingerprint of the root key, for people to compare.
    pub fn fingerprint(&self) -> String {
        PublicKey::from_multikey(&self.root).map(|root| root.thumbprint()).unwrap_or_default()
    }
}

impl Wallet {
    /// The cities whose registries are known.
    pub fn cities(&self) -> &[KnownCity] {
        &self.cities
    }

    /// A city that is known.
    pub(super) fn city(&self, base: &str) -> Option<&KnownCity> {
        self.cities.iter().find(|city| city.base == base)
    }

    /// Asks a city for its registry and keeps it; where the city does not answer, the one that was kept counts.
    ///
    /// `compared` is the fingerprint of a root key that the holder compared over another channel: with it a registry is
    /// believed that does not follow from the key that is remembered.
    pub(super) fn learn_city(
        &mut self,
        base: &str,
        compared: Option<&str>,
        net: &dyn Issuer,
    ) -> Result<Registry, Error> {
        let known = self.city(base).cloned();
        let reply = match (net.ask(&format!("{base}{PATH}"), Request::Get), &known) {
            (Ok(reply), _) if reply.status == 200 => reply,
            (_, Some(known)) => return known.registry(),
            (Ok(reply), None) => return Err(not_had(base, &format!("status {}", reply.status))),
            (Err(error), None) => return Err(error),
        };
        let Named { registry, root } = open(&reply.body, known.as_ref(), compared)?;
        bound(&registry, Names::of_another(base)?.city_did(), base).map_err(|detail| not_had(base, &detail))?;
        if let Some(held) = known.as_ref().map(KnownCity::registry).transpose()?
            && held.version > registry.version
        {
            return Ok(held);
        }
        let document = String::from_utf8(reply.body).map_err(|_| not_had(base, "not text"))?;
        let city = KnownCity { base: base.to_owned(), root: root.to_multikey(), registry: document };
        self.cities.retain(|one| one.base != base);
        self.cities.push(city);
        Ok(registry)
    }
}

/// Reads a registry: by the key that was compared, else by the one that is remembered, else by the one that it names.
fn open(bytes: &[u8], known: Option<&KnownCity>, compared: Option<&str>) -> Result<Named, Error> {
    let contexts = Contexts::bundled();
    let named = Registry::open_named(bytes, &contexts)?;
    let held = |key: &PublicKey| match (compared, known) {
        (Some(text), _) => is_named(key, text),
        (None, Some(known)) => key.to_multikey() == known.root,
        (None, None) => *key == named.root,
    };
    Registry::open_pinned(bytes, &held, &contexts).map_err(|finding| other_root(&named.root, &finding.detail))
}

fn not_had(base: &str, detail: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{base}: {detail}")).says(
        format!("取不到 {base} 的信任名录（{detail}），无法核对公开日志证明。请稍后再试。"),
        format!("The trust registry of {base} is not to be had ({detail}), so the proof from the log cannot be checked. Try again later."),
    )
}

fn other_root(root: &PublicKey, detail: &str) -> Error {
    let print = root.thumbprint();
    Error::new(ErrorKind::Refused, format!("registry: {detail}")).coded("root_not_compared").says(
        format!("该市信任名录的根密钥不是本卡包记下的那一把，未采用。请通过电话等其他渠道核对新指纹 {print}，一致后加 --root {print} 再试。"),
        format!("The city's trust registry is signed by another root key than the one this wallet remembers; it was not used. Compare the fingerprint {print} over another channel, then add --root {print}."),
    )
}
