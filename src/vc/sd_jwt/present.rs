//! The holder's selection (RFC 9901 section 7.2): which disclosures go to a verifier.

use crate::vc::finding::{Check, Code, Finding};

use super::SdJwt;
use super::path::ClaimPath;

impl SdJwt {
    /// Keeps the disclosures that the named claims need: of the claims, of what encloses them and of what is in them.
    ///
    /// A path that leads to no claim that is there is invalid: nothing is shown in place of what was asked for. Claims
    /// in the open are always shown. The key binding, if any, is dropped: it was made for another selection.
    pub fn select(&self, paths: &[ClaimPath]) -> Result<Self, Finding> {
        self.keep(paths, |path, claim| claim.leads_to(path) || path.leads_to(claim))
    }

    /// As [`Self::select`], but leaves concealed what is in a named claim, unless it is named as well.
    pub fn select_only(&self, paths: &[ClaimPath]) -> Result<Self, Finding> {
        self.keep(paths, |path, claim| claim.leads_to(path))
    }

    fn keep(&self, paths: &[ClaimPath], needs: impl Fn(&ClaimPath, &ClaimPath) -> bool) -> Result<Self, Finding> {
        let processed = self.process()?;
        let document = processed.claims.into();
        if let Some(path) = paths.iter().find(|path| path.select(&document).is_empty()) {
            return Err(Finding::invalid(Check::Parse, Code::ClaimUnknown, format!("there is no claim {path}")));
        }
        let disclosures = processed
            .disclosed
            .iter()
            .filter(|(claim, _)| paths.iter().any(|path| needs(path, claim)))
            .filter_map(|(_, position)| self.disclosures.get(*position).cloned())
            .collect();
        Self::assemble(self.jwt.clone(), disclosures, None)
    }
}
