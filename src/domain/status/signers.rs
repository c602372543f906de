//! Whose keys a status list of others may be signed with.

use crate::base::time::Timestamp;
use crate::did::split_fragment;
use crate::domain::city::City;
use crate::domain::trust::Registry;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};

/// The keys for status lists: of an agency in a registry only those that the registry names, and only as long as they were
/// good when the list was signed. What the agency's own server says about its keys counts for nothing there: it may be in
/// other hands. Of all other issuers, what can be resolved.
pub(super) struct ListSigners<'a>(pub(super) &'a City);

impl Keys for ListSigners<'_> {
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        let (issuer, _) = split_fragment(method);
        let own = self.0.registry();
        if own.issuer(issuer).is_some() {
            require(&own, method, at)?;
        } else if let Some(city) = self.0.abroad.issuer(issuer) {
            let unnamed = city.registry.method(method).is_none();
            let city = if unnamed && self.0.ask_anew(issuer) { self.0.abroad.issuer(issuer) } else { Some(city) };
            require(&city.ok_or_else(unknown)?.registry, method, at)?;
        }
        self.0.resolve(method, purpose, at)
    }
}

fn unknown() -> Finding {
    Finding::error(Check::Status, Code::KeyUnknown, "the registry does not name the key of the list")
}

/// Fails unless the registry names the key and it was good at a time.
fn require(registry: &Registry, method: &str, at: Timestamp) -> Result<(), Finding> {
    let (_, key) = registry.method(method).ok_or_else(unknown)?;
    key.check(Some(at)).map_err(|finding| Finding::error(Check::Status, finding.code, finding.detail))
}
