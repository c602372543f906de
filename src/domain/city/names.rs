//! How the city and its agencies are called: DIDs, URLs and identifiers, all from one public base URL.

use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, ListId, OfferId, TypeCode};
use crate::did::web;
use crate::wire::form;

/// The names that follow from the public base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    base: String,
    did: String,
    authority: String,
    serves: bool,
}

impl Names {
    /// Names under a base URL such as `https://city.example` or `http://127.0.0.1:8080`, without path and trailing slash.
    pub fn new(base: &str) -> Result<Self, ParseError> {
        let wrong =
            || ParseError::new("base_url_malformed", "expected http(s)://host or http(s)://host:port without a path");
        let base = base.trim_end_matches('/');
        let authority = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")).ok_or_else(wrong)?;
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return Err(wrong());
        }
        Ok(Self {
            base: base.to_owned(),
            did: web::did(authority, &[])?,
            authority: authority.to_owned(),
            serves: true,
        })
    }

    /// The names of a city that somebody else serves: none of its status lists is this program's own.
    pub fn of_another(base: &str) -> Result<Self, ParseError> {
        Ok(Self { serves: false, ..Self::new(base)? })
    }

    /// The public base URL, without a trailing slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Host and port of the base URL.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The city's DID.
    pub fn city_did(&self) -> &str {
        &self.did
    }

    /// The DID of an agency.
    pub fn agency_did(&self, code: &AgencyCode) -> String {
        web::did(&self.authority, &["agencies", code.as_str()]).unwrap_or_else(|_| self.did.clone())
    }

    /// The URL of an agency: the `iss` of its SD-JWT credentials.
    pub fn agency_url(&self, code: &AgencyCode) -> String {
        format!("{}/agencies/{code}", self.base)
    }

    /// The URL of a status list, for every representation.
    pub fn status_list(&self, list: &ListId) -> String {
        format!("{}/status/{list}", self.base)
    }

    /// The status list that a URL of this city names.
    pub fn own_status_list(&self, url: &str) -> Option<ListId> {
        let name = url.strip_prefix(&self.base)?.strip_prefix("/status/")?;
        self.serves.then(|| ListId::parse(name).ok())?
    }

    /// The origin line of the city's log where none is configured: its address without the scheme.
    pub fn log_origin(&self) -> String {
        format!("{}/log", self.authority)
    }

    /// The name under which the city cosigns other logs.
    pub fn witness(&self) -> String {
        format!("{}/witness", self.authority)
    }

    /// The URL of the city's own JSON-LD context.
    pub fn context(&self) -> String {
        format!("{}/contexts/v1.jsonld", self.base)
    }

    /// The URL of a type's schema, which is also the `vct` of its SD-JWT credentials.
    pub fn schema(&self, code: &TypeCode, version: u32) -> String {
        format!("{}/schemas/credentials/{code}/{version}", self.base)
    }

    /// The identifier of a credential as its `id` member spells it.
    pub fn credential(id: &crate::base::id::CredentialId) -> String {
        format!("urn:certless:{id}")
    }

    /// Where the request object of a presentation request is.
    pub fn request(&self, id: &str) -> String {
        format!("{}/oid4vp/requests/{id}", self.base)
    }

    /// Where a wallet posts its answer to a presentation request.
    pub fn response(&self, id: &str) -> String {
        format!("{}/oid4vp/responses/{id}", self.base)
    }

    /// The page of the city's own wallet that answers presentation requests.
    pub fn wallet_present(&self) -> String {
        format!("{}/wallet/present", self.base)
    }

    /// Where a wallet fetches an offer.
    pub fn offer(&self, id: &OfferId) -> String {
        format!("{}/oid4vci/offers/{id}", self.base)
    }

    /// The page of the wallet that opens an offer: what a phone's camera makes of the printed code.
    pub fn receive(&self, id: &OfferId) -> String {
        format!("{}/wallet/receive?{}", self.base, form::print([("credential_offer_uri", self.offer(id).as_str())]))
    }

    /// The progress page behind a receipt.
    pub fn receipt(&self, token: &str) -> String {
        format!("{}/r/{token}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_base_url() {
        let names = Names::new("http://127.0.0.1:8080/").unwrap();
        let ga = AgencyCode::parse("GA").unwrap();
        assert_eq!(names.city_did(), "did:web:127.0.0.1%3A8080");
        assert_eq!(names.agency_did(&ga), "did:web:127.0.0.1%3A8080:agencies:GA");
        let list = ListId { agency: ga, number: 3 };
        assert_eq!(names.own_status_list(&names.status_list(&list)), Some(list));
        assert_eq!(names.own_status_list("https://other.example/status/GA-3"), None);
        for wrong in ["city.example", "https://", "https://city.example/path", "ftp://city.example", "https://a@b"] {
            assert!(Names::new(wrong).is_err(), "{wrong}");
        }
    }
}
