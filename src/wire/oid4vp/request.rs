//! The authorization request: the request object (section 5) and the link that leads to it.

use super::dcql::{LDP, Query};
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::base::time::Timestamp;
use crate::wire::form::{self, Parameters};

/// The `typ` of a request object (RFC 9101).
pub const TYP: &str = "oauth-authz-req+jwt";
/// The media type of a request object.
pub const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";
/// The `aud` where the wallet is not known beforehand (section 5.8).
pub const ANY_WALLET: &str = "https://self-issued.me/v2";
/// The client identifier prefix of requests signed with a key of a DID (section 5.9.3).
pub const DID_PREFIX: &str = "decentralized_identifier";
/// The scheme that wallets register (section 13.1.2).
pub const SCHEME: &str = "openid4vp";

/// How the wallet answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// Posted as it is (section 8.2).
    #[default]
    #[serde(rename = "direct_post")]
    Post,
    /// Posted encrypted (section 8.3.1).
    #[serde(rename = "direct_post.jwt")]
    Encrypted,
}

impl Mode {
    /// The `response_mode`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Post => "direct_post",
            Self::Encrypted => "direct_post.jwt",
        }
    }
}

/// A request object: the claims of the signed request.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestObject {
    /// Who asks, with the prefix.
    pub client_id: String,
    /// Whom it is for.
    pub audience: String,
    /// How to answer.
    pub mode: Mode,
    /// Where to post the answer.
    pub response_uri: String,
    /// What the holder's proof must contain.
    pub nonce: String,
    /// What the answer must contain.
    pub state: String,
    /// What is asked for.
    pub query: Query,
    /// What the asker supports, and its encryption key.
    pub client_metadata: Map,
    /// The wallet's own challenge.
    pub wallet_nonce: Option<String>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
    /// What people are told, a member of our own that other wallets ignore.
    pub told: Option<Value>,
}

impl RequestObject {
    /// Whether the asker can verify Data Integrity proofs by a cryptosuite: one of those that it names, or any where it
    /// names none (appendix B.1.3).
    pub fn verifies_suite(&self, cryptosuite: &str) -> bool {
        let formats = self.client_metadata.get("vp_formats_supported");
        let Some(supported) = formats.and_then(|formats| formats.get(LDP)) else { return true };
        let lists = |name: &str, value: &str| {
            let list = supported.get(name).and_then(Value::as_array);
            list.is_none_or(|list| list.iter().any(|one| one == value))
        };
        lists("proof_type_values", "DataIntegrityProof") && lists("cryptosuite_values", cryptosuite)
    }

    /// The claims to sign.
    pub fn to_claims(&self) -> Map {
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("client_id", self.client_id.as_str().into());
        put("aud", self.audience.as_str().into());
        put("response_type", "vp_token".into());
        put("response_mode", self.mode.name().into());
        put("response_uri", self.response_uri.as_str().into());
        put("nonce", self.nonce.as_str().into());
        put("state", self.state.as_str().into());
        put("dcql_query", self.query.to_json());
        put("client_metadata", Value::Object(self.client_metadata.clone()));
        put("iat", self.issued_at.as_second().into());
        put("exp", self.expires_at.as_second().into());
        if let Some(nonce) = &self.wallet_nonce {
            put("wallet_nonce", nonce.as_str().into());
        }
        if let Some(told) = &self.told {
            put("certless", told.clone());
        }
        claims
    }

    /// Reads the claims as a wallet does; the error's code is the one that the wallet answers with (section 8.5).
    pub fn from_claims(claims: &Map) -> Result<Self, ParseError> {
        let text = |name: &'static str| claims.get(name).and_then(Value::as_str).ok_or_else(|| invalid(name));
        if text("response_type")? != "vp_token" {
            return Err(invalid("response_type"));
        }
        if claims.contains_key("redirect_uri") || claims.contains_key("scope") {
            return Err(invalid("redirect_uri or scope is there"));
        }
        if claims.contains_key("transaction_data") {
            return Err(ParseError::new("invalid_transaction_data", "transaction_data is not supported"));
        }
        let mode = match text("response_mode")? {
            "direct_post" => Mode::Post,
            "direct_post.jwt" => Mode::Encrypted,
            _ => return Err(invalid("response_mode")),
        };
        let (nonce, state) = (text("nonce")?, text("state")?);
        if !is_url_safe(nonce) || !is_url_safe(state) {
            return Err(invalid("nonce or state"));
        }
        let query = claims.get("dcql_query").ok_or_else(|| invalid("dcql_query"))?;
        Ok(Self {
            client_id: text("client_id")?.to_owned(),
            audience: text("aud")?.to_owned(),
            mode,
            response_uri: text("response_uri")?.to_owned(),
            nonce: nonce.to_owned(),
            state: state.to_owned(),
            query: Query::from_json(query).map_err(|error| invalid(&error.to_string()))?,
            client_metadata: claims.get("client_metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
            wallet_nonce: claims.get("wallet_nonce").and_then(Value::as_str).map(str::to_owned),
            issued_at: time(claims, "iat")?,
            expires_at: time(claims, "exp")?,
            told: claims.get("certless").cloned(),
        })
    }
}

fn time(claims: &Map, name: &'static str) -> Result<Timestamp, ParseError> {
    claims.get(name).and_then(Value::as_i64).and_then(crate::base::time::from_unix).ok_or_else(|| invalid(name))
}

fn is_url_safe(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.' | b'_' | b'~'))
}

/// A request by reference, as a code or link carries it (sections 5.7 and 5.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Who asks.
    pub client_id: String,
    /// Where the request object is.
    pub request_uri: String,
    /// Whether the wallet may post what it supports.
    pub post: bool,
}

impl Reference {
    /// The link below some address: `openid4vp://`, or a page of a wallet.
    pub fn link(&self, base: &str) -> String {
        let method = self.post.then_some(("request_uri_method", "post"));
        let fixed = [("client_id", self.client_id.as_str()), ("request_uri", self.request_uri.as_str())];
        format!("{base}?{}", form::print(fixed.into_iter().chain(method)))
    }

    /// Reads a link of any scheme; `invalid_request` or `invalid_request_uri_method` otherwise.
    pub fn parse(link: &str) -> Result<Self, ParseError> {
        let (_, query) = link.trim().split_once('?').ok_or_else(|| invalid("no query"))?;
        let query = query.split('#').next().unwrap_or_default();
        let parameters = form::parse(query.as_bytes())?;
        let text = |name: &'static str| parameters.get(name).cloned().ok_or_else(|| invalid(name));
        let post = match parameters.get("request_uri_method").map(String::as_str) {
            None | Some("get") => false,
            Some("post") => true,
            Some(_) => return Err(ParseError::new("invalid_request_uri_method", "neither get nor post")),
        };
        Ok(Self { client_id: text("client_id")?, request_uri: text("request_uri")?, post })
    }
}

/// What a wallet posts for the request object (section 5.10).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WalletRequest {
    /// Its challenge.
    pub nonce: Option<String>,
    /// What it supports.
    pub metadata: Option<Map>,
}

impl WalletRequest {
    /// Reads the parameters; unrecognised ones are ignored.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let mut parameters: Parameters = form::parse(body)?;
        let nonce = parameters.remove("wallet_nonce");
        if nonce.as_ref().is_some_and(|nonce| nonce.is_empty() || nonce.len() > 512) {
            return Err(invalid("wallet_nonce"));
        }
        let metadata = parameters.remove("wallet_metadata");
        let metadata = metadata.map(|text| parse_object(text.as_bytes(), &Limits::DEFAULT)).transpose()?;
        Ok(Self { nonce, metadata })
    }

    /// The format identifiers that the wallet supports; `None` when it does not say.
    pub fn formats(&self) -> Option<Vec<&str>> {
        let formats = self.metadata.as_ref()?.get("vp_formats_supported")?.as_object()?;
        Some(formats.keys().map(String::as_str).collect())
    }

    /// Whether a list of the metadata, where it is given, has one of these values.
    pub fn supports(&self, name: &str, values: &[&str]) -> bool {
        let list = self.metadata.as_ref().and_then(|metadata| metadata.get(name)).and_then(Value::as_array);
        list.is_none_or(|list| list.iter().filter_map(Value::as_str).any(|one| values.contains(&one)))
    }

    /// The wallet's issuer identifier, where it says.
    pub fn issuer(&self) -> Option<&str> {
        self.metadata.as_ref()?.get("issuer")?.as_str()
    }
}

fn invalid(detail: &str) -> ParseError {
    ParseError::new("invalid_request", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::base::time::from_unix;

    fn object() -> RequestObject {
        let query = json!({"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["v"]}}]});
        RequestObject {
            client_id: "decentralized_identifier:did:web:a".into(),
            audience: ANY_WALLET.into(),
            mode: Mode::Encrypted,
            response_uri: "https://a/oid4vp/responses/1".into(),
            nonce: "n-0S6_WzA2Mj".into(),
            state: "eyJhb~1.2".into(),
            query: Query::from_json(&query).unwrap(),
            client_metadata: Map::new(),
            wallet_nonce: Some("qPmxiNFCR3QTm19POc8u".into()),
            issued_at: from_unix(1_700_000_000).unwrap(),
            expires_at: from_unix(1_700_000_300).unwrap(),
            told: Some(json!({"purpose": {"zh": "办事", "en": "a matter"}})),
        }
    }

    #[test]
    fn a_request_object_reads_as_it_was_made() {
        let claims = object().to_claims();
        assert_eq!(RequestObject::from_claims(&claims).unwrap(), object());
    }

    #[test]
    fn a_request_that_breaks_a_rule_is_an_invalid_request() {
        for (name, value) in [
            ("response_type", json!("code")),
            ("response_mode", json!("fragment")),
            ("nonce", json!("a b")),
            ("nonce", json!("")),
            ("state", json!("受理")),
            ("dcql_query", json!({})),
            ("redirect_uri", json!("https://a")),
            ("scope", json!("x")),
            ("response_uri", json!(1)),
            ("client_id", json!(null)),
            ("exp", json!("soon")),
        ] {
            let mut claims = object().to_claims();
            claims.insert(name.to_owned(), value);
            assert_eq!(RequestObject::from_claims(&claims).unwrap_err().code, "invalid_request", "{name}");
        }
        let mut claims = object().to_claims();
        claims.insert("transaction_data".to_owned(), json!(["x"]));
        assert_eq!(RequestObject::from_claims(&claims).unwrap_err().code, "invalid_transaction_data");
    }

    #[test]
    fn a_link_leads_back_to_its_reference() {
        let reference = Reference {
            client_id: "decentralized_identifier:did:web:127.0.0.1%3A8080:agencies:GA".into(),
            request_uri: "http://127.0.0.1:8080/oid4vp/requests/a_b-c".into(),
            post: true,
        };
        for base in ["openid4vp://", "https://city.example/wallet/present"] {
            assert_eq!(Reference::parse(&reference.link(base)).unwrap(), reference);
        }
        let wrong = reference.link("openid4vp://").replace("=post", "=put");
        assert_eq!(Reference::parse(&wrong).unwrap_err().code, "invalid_request_uri_method");
        assert!(Reference::parse("openid4vp://?client_id=a").is_err());
        assert!(Reference::parse("nothing").is_err());
    }

    #[test]
    fn what_an_asker_names_is_all_that_it_verifies() {
        let with = |formats: Value| {
            let mut object = object();
            object.client_metadata.insert("vp_formats_supported".into(), formats);
            object
        };
        assert!(object().verifies_suite("ecdsa-jcs-2019"), "nothing is said about it");
        assert!(with(json!({"ldp_vc": {}})).verifies_suite("ecdsa-jcs-2019"));
        let named = with(json!({"ldp_vc": {"cryptosuite_values": ["eddsa-jcs-2022"]}}));
        assert!(named.verifies_suite("eddsa-jcs-2022") && !named.verifies_suite("ecdsa-jcs-2019"));
        assert!(!with(json!({"ldp_vc": {"proof_type_values": ["Other"]}})).verifies_suite("eddsa-jcs-2022"));
    }

    #[test]
    fn what_a_wallet_posts_is_read_and_the_rest_ignored() {
        let metadata =
            json!({"vp_formats_supported": {"ldp_vc": {}}, "request_object_signing_alg_values_supported": ["ES256"]});
        let body = form::print([("wallet_nonce", "n"), ("wallet_metadata", &metadata.to_string()), ("more", "x")]);
        let posted = WalletRequest::parse(body.as_bytes()).unwrap();
        assert_eq!((posted.nonce.as_deref(), posted.formats()), (Some("n"), Some(vec!["ldp_vc"])));
        assert!(!posted.supports("request_object_signing_alg_values_supported", &["EdDSA"]));
        assert!(posted.supports("client_id_prefixes_supported", &["x"]), "nothing is said about it");
        assert_eq!(WalletRequest::parse(b"").unwrap(), WalletRequest::default());
        assert!(WalletRequest::parse(b"wallet_metadata=[]").is_err());
        assert!(WalletRequest::parse(b"wallet_nonce=").is_err());
    }
}
