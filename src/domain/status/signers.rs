//! Whose keys a status list of others may be signed with.

use crate::base::time::Timestamp;
use crate::did::split_fragment;
use crate::domain::city::City;
use crate::domain::trust::{Registry, TrustedKey};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};

/// The keys for status lists: of an agency in a registry only those that the registry names, and only as long as they were
/// good when the list was signed. What the agency's own server says about its keys counts for nothing there: it may be in
/// other hands. Of all other issuers, what can be resolved.
pub(super) struct ListSigners<'a>(pub(super) &'a City);

impl Keys for ListSigners<'_> {
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        if let Some(listed) = self.listed(method) {
            let key = listed.ok_or_else(|| {
                Finding::error(Check::Status, Code::KeyUnknown, "the registry does not name the key of the list")
            })?;
            key.check(Some(at)).map_err(|finding| Finding::error(Check::Status, finding.code, finding.detail))?;
        }
        self.0.resolve(method, purpose, at)
    }
}

impl ListSigners<'_> {
    /// The key of an agency that a registry names: `None` when none names it, `Some(None)` when none names the key.
    fn listed(&self, method: &str) -> Option<Option<TrustedKey>> {
        let (issuer, _) = split_fragment(method);
        let of = |registry: &Registry| {
            registry.issuer(issuer)?;
            Some(registry.method(method).map(|(_, key)| key.clone()))
        };
        of(&self.0.registry()).or_else(|| of(&self.0.abroad.issuer(issuer)?.registry))
    }
}
