//! Opening an archive: the manifest and who signed it, every member's digest, and what the members are held against.

use std::collections::{BTreeMap, BTreeSet};

use super::report::Report;
use super::{Archive, Manifest, TYP, digest};
use crate::base::error::ParseError;
use crate::base::json::Value;
use crate::base::time::parse_rfc3339;
use crate::domain::catalogue::Catalogue;
use crate::domain::city::names::Names;
use crate::domain::trust::Registry;
use crate::domain::trust::roots::{Anchor, Roots};
use crate::tlog::checkpoint::Policy as LogPolicy;
use crate::tlog::note::VerifierKey;
use crate::vc::contexts::Contexts;
use crate::vc::jws::Jws;

/// What registries are called.
pub(super) const TRUST: (&str, &str) = ("信任名录与密钥", "The trust registry and its keys");

/// What the members are held against.
pub(super) struct Frame<'a> {
    pub(super) archive: &'a Archive,
    pub(super) roots: Roots,
    pub(super) manifest: Manifest,
    pub(super) log: LogPolicy,
    pub(super) contexts: Contexts,
    pub(super) types: Catalogue,
    pub(super) registries: BTreeMap<u64, Registry>,
}

/// The newest registry in the archive that follows from what its reader holds.
pub(super) fn newest_registry(archive: &Archive, anchor: &Anchor) -> Option<Registry> {
    let contexts = Contexts::bundled();
    let open = |name| {
        let bytes = archive.member(name).ok()?;
        Some(Registry::open_pinned(bytes, &|key| anchor.lists(key), &contexts).ok()?.registry)
    };
    archive
        .folder("trust/")
        .filter(|name| name.strip_suffix(".json").is_some())
        .filter_map(open)
        .max_by_key(|registry| registry.version)
}

/// The manifest by the roots of its time. Where no registry can be read, the key that is held itself must have signed: then
/// the members tell what was changed.
pub(super) fn open_manifest(jwt: &str, roots: Option<&Roots>, anchor: &Anchor) -> Result<Manifest, String> {
    let text = |finding: crate::vc::finding::Finding| finding.to_string();
    let jws = Jws::parse(jwt).map_err(text)?;
    jws.header().require_typ(TYP).map_err(text)?;
    let claims = Value::Object(jws.claims().map_err(text)?);
    let manifest: Manifest = serde_json::from_value(claims).map_err(|error| error.to_string())?;
    let at = parse_rfc3339(&manifest.at).map_err(|error| error.to_string())?;
    match roots {
        Some(roots) => roots.verify(&jws, at).map_err(text)?,
        None => jws.verify(&anchor.pinned).map_err(text)?,
    }
    Ok(manifest)
}

/// Whether exactly the listed members are there, each as it was.
pub(super) fn check_members(archive: &Archive, manifest: &Manifest, report: &mut Report) -> bool {
    let label = ("与目录一致", "As the manifest lists it");
    let names: BTreeSet<_> = archive.members.keys().chain(manifest.members.keys()).collect();
    let mut whole = true;
    for name in names {
        let outcome = match (archive.members.get(name), manifest.members.get(name)) {
            (Some(bytes), Some(listed)) if digest(bytes) == *listed => continue,
            (Some(_), Some(_)) => "was changed",
            (Some(_), None) => "is not listed",
            (None, _) => "is missing",
        };
        report.note(name, label, Err(outcome.to_owned()));
        whole = false;
    }
    if whole {
        report.note("members", label, Ok(()));
    }
    whole
}

/// What the judging needs of the members: registries that follow from the roots, contexts, types, the log's policy.
pub(super) fn frame<'a>(
    archive: &'a Archive,
    newest: &Registry,
    roots: Roots,
    manifest: Manifest,
    report: &mut Report,
) -> Result<Frame<'a>, ParseError> {
    let key = VerifierKey::parse(&manifest.log_key)?;
    let log = newest.log_policy(key.name()).unwrap_or_else(|| LogPolicy::of_key(key));
    let names = Names::of_another(&manifest.base)?;
    let contexts = Contexts::bundled().with(names.context(), archive.text("context.jsonld")?)?;
    let mut texts: Vec<&'static str> = Vec::new();
    for name in archive.folder("schemas/").filter(|name| !name.starts_with("schemas/shared/")) {
        texts.push(kept(archive.text(name)?));
    }
    let types = Catalogue::load(&texts)?;
    let mut registries = BTreeMap::new();
    for name in archive.folder("trust/").filter(|name| name.strip_suffix(".json").is_some()) {
        let opened = Registry::open_named(archive.member(name)?, &contexts);
        match opened {
            Ok(named) if !roots.counts(&named.root, named.registry.issued) => {
                report.note(name, TRUST, Err("signed by no root of then".to_owned()));
            }
            Ok(named) => drop(registries.insert(named.registry.version, named.registry)),
            Err(finding) => report.note(name, TRUST, Err(finding.to_string())),
        }
    }
    Ok(Frame { archive, roots, manifest, log, contexts, types, registries })
}

/// A schema for as long as the program runs, as the types that it ships with are: one archive is checked in a run.
fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
