//! Whom a reader of a log relies on: the keys that a trust registry lists for it, or those that are named, or, where there is
//! neither, what the log says of itself.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::adapters::log_files::LogFiles;
use crate::app::verifier::{registries, replaced};
use crate::cli::companion::key;
use crate::cli::output::Output;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::log_audit::Files;
use crate::domain::log_audit::follow::{named_keys, named_origin};
use crate::domain::log_audit::published::TRUST;
use crate::domain::trust::Registry;
use crate::domain::trust::abroad::subscribe::is_named;
use crate::tlog::checkpoint::Policy;
use crate::vc::contexts::Contexts;

/// Options that say whom to rely on.
#[derive(Args, Clone, Debug, Default)]
pub struct Reliance {
    /// Key of a log that no trust registry lists, name+id+key or a file with it; may be given several times.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["trust", "root"])]
    pub key: Vec<String>,
    /// Trust registry, or offline bundle, that lists the log's keys; trust/registry.json in the folder of the key files otherwise.
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The city's root key as it was compared: the fingerprint, a multikey or a did:key. Its registry is fetched, or read from --trust.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub root: Option<String>,
    /// Key of a witness that must have cosigned, name+id+key or a file with it; may be given several times.
    #[arg(long, value_name = "KEY")]
    pub witness: Vec<String>,
    /// How many of those witnesses must have cosigned; all of them otherwise.
    #[arg(long, value_name = "NUMBER", requires = "witness")]
    pub quorum: Option<usize>,
    /// File with the certificate authority of that server, PEM; the public ones otherwise.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// What is relied on, and why.
pub(super) struct Relied {
    pub(super) policy: Policy,
    pub(super) source: Source,
}

/// Where the keys of a log come from.
pub(super) enum Source {
    /// They were named.
    Named,
    /// A registry that the reader trusts.
    Registry(Box<Registry>),
    /// The log itself.
    Log,
}

impl Reliance {
    /// The policy; `place` is the log's address, and `keys` the folder whose registry is relied on where none is named.
    pub(super) fn rely(&self, files: &dyn Files, place: Option<&str>, keys: &Path) -> Result<Relied, Error> {
        let (mut policy, source) = self.log(files, place, keys)?;
        policy.witnesses = self.witness.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
        policy.quorum = self.quorum.unwrap_or(policy.witnesses.len());
        Ok(Relied { policy, source })
    }

    fn log(&self, files: &dyn Files, place: Option<&str>, keys: &Path) -> Result<(Policy, Source), Error> {
        if !self.key.is_empty() {
            let named = self.key.iter().map(|text| key(text)).collect::<Result<Vec<_>, _>>()?;
            let origin = named.first().map(|key| key.name().to_owned()).unwrap_or_default();
            return Ok((Policy::of_log(origin, named.into_iter().map(Into::into).collect()), Source::Named));
        }
        let origin = named_origin(files)?;
        for registry in self.trusted(place, keys)? {
            if let Some(policy) = registry.log_policy(&origin) {
                return Ok((policy, Source::Registry(Box::new(registry))));
            }
        }
        if self.trust.is_some() || self.root.is_some() {
            return Err(Error::new(ErrorKind::Refused, format!("no registry lists the log {origin}")).says(
                format!("所信任的名录中没有日志 {origin} 的公钥。请核对网址和名录；没有名录的日志请用 --key 指定公钥。"),
                format!("The trusted registry lists no key of the log {origin}. Check address and registry; for a log without a registry name the key with --key."),
            ));
        }
        let named = named_keys(files)?;
        Ok((Policy::of_log(origin, named.into_iter().map(Into::into).collect()), Source::Log))
    }

    /// The registries that the reader trusts: of a file, or by the root key that was compared; none where there are none.
    fn trusted(&self, place: Option<&str>, keys: &Path) -> Result<Vec<Registry>, Error> {
        if let Some(file) = &self.trust {
            return registries(file, self.root.as_deref());
        }
        let own = keys.join("trust").join("registry.json");
        let Some(root) = &self.root else {
            return if own.exists() { registries(&own, None) } else { Ok(Vec::new()) };
        };
        let place = place.filter(|place| place.contains("://")).ok_or_else(|| {
            Error::malformed("a root key and no address").says(
                "从目录读取日志时，--root 须与 --trust 一同使用。",
                "For a log in a folder give --trust beside --root.",
            )
        })?;
        let city = LogFiles::city(place, self.ca.as_deref())?;
        let bytes =
            city.read(TRUST, "application/json")?.ok_or_else(|| Error::not_found(format!("{TRUST} is missing")))?;
        let opened = Registry::open_pinned(&bytes, &|key| is_named(key, root.trim()), &Contexts::bundled());
        Ok(vec![opened.map_err(|finding| replaced(&finding))?.registry])
    }
}

impl Relied {
    /// The keys as texts.
    pub(super) fn keys(&self) -> Vec<String> {
        self.policy.logs.iter().map(|log| log.key.to_string()).collect()
    }

    /// Says where the keys come from.
    pub(super) fn tell(&self, out: Output) {
        let keys = self.keys().join(" ");
        match &self.source {
            Source::Named => {}
            Source::Registry(registry) => {
                let (city, version, count) = (&registry.city, registry.version, self.policy.logs.len());
                out.say(
                    format!("公钥取自 {city} 的信任名录第 {version} 版（{count} 个）"),
                    format!("Keys from the trust registry of {city}, version {version} ({count})"),
                );
            }
            Source::Log => out.note(
                format!("公钥取自日志自身，请与另行取得的比对（或用 --root 指定城市的根密钥指纹）：{keys}"),
                format!("The key came from the log itself; compare it with one you got elsewhere, or name the city's root key with --root: {keys}"),
            ),
        }
    }
}
