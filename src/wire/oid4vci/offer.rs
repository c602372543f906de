//! Credential offers (section 4.1): by value and by reference.

use super::PRE_AUTHORIZED;
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::wire::form;

/// The scheme under which wallets are called (section 12.1).
pub const SCHEME: &str = "openid-credential-offer://";
/// Longest offer, bytes.
pub const MOST: usize = 64 << 10;

/// An offer with a pre-authorized code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The issuer's identifier.
    pub issuer: String,
    /// The configurations that are offered.
    pub configurations: Vec<String>,
    /// The pre-authorized code.
    pub code: String,
    /// What is known of the transaction code; `None` when there is none.
    pub tx_code: Option<TxCode>,
}

/// A transaction code as an offer announces it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxCode {
    /// How many characters.
    pub length: Option<usize>,
    /// Whether it is digits only.
    pub numeric: bool,
    /// Where the holder finds it.
    pub description: Option<String>,
}

/// How an offer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The offer itself.
    Value(Offer),
    /// Where to fetch it.
    Reference(String),
}

impl Offer {
    /// The offer as an object.
    pub fn to_json(&self) -> Value {
        let mut grant = json!({"pre-authorized_code": self.code});
        if let (Some(tx_code), Value::Object(grant)) = (&self.tx_code, &mut grant) {
            grant.insert("tx_code".to_owned(), tx_code.to_json());
        }
        json!({
            "credential_issuer": self.issuer,
            "credential_configuration_ids": self.configurations,
            "grants": {PRE_AUTHORIZED: grant},
        })
    }

    /// Reads an offer; `offer_malformed` when it is none, or brings no pre-authorized code.
    pub fn from_json(offer: &Map) -> Result<Self, ParseError> {
        let text = |map: &Map, name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let ids = offer.get("credential_configuration_ids").and_then(Value::as_array);
        let ids = ids.filter(|ids| !ids.is_empty()).ok_or_else(|| malformed("no credential_configuration_ids"))?;
        let names = ids.iter().map(|id| id.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
        let grant = offer.get("grants").and_then(|grants| grants.get(PRE_AUTHORIZED)).and_then(Value::as_object);
        let grant = grant.ok_or_else(|| malformed("the offer has no pre-authorized code"))?;
        let tx_code = match grant.get("tx_code") {
            None => None,
            Some(Value::Object(tx_code)) => Some(TxCode::from_json(tx_code)),
            Some(_) => return Err(malformed("tx_code is no object")),
        };
        Ok(Self {
            issuer: text(offer, "credential_issuer").ok_or_else(|| malformed("no credential_issuer"))?,
            configurations: names.ok_or_else(|| malformed("credential_configuration_ids are texts"))?,
            code: text(grant, "pre-authorized_code").ok_or_else(|| malformed("no pre-authorized_code"))?,
            tx_code,
        })
    }

    /// Reads the bytes of an offer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::from_json(&parse_object(bytes, &Limits { bytes: MOST, depth: 16 })?)
    }

    /// The link that hands a wallet the offer itself.
    pub fn uri(&self) -> String {
        format!("{SCHEME}?{}", form::print([("credential_offer", self.to_json().to_string().as_str())]))
    }
}

impl TxCode {
    fn to_json(&self) -> Value {
        let mut object = json!({"input_mode": if self.numeric { "numeric" } else { "text" }});
        if let Value::Object(map) = &mut object {
            map.extend(self.length.map(|length| ("length".to_owned(), length.into())));
            map.extend(self.description.clone().map(|text| ("description".to_owned(), text.into())));
        }
        object
    }

    fn from_json(object: &Map) -> Self {
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let length = object.get("length").and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok());
        Self {
            length,
            numeric: text("input_mode") != Some("text"),
            description: text("description").map(str::to_owned),
        }
    }
}

/// The link that tells a wallet where to fetch the offer.
pub fn reference_uri(url: &str) -> String {
    format!("{SCHEME}?{}", form::print([("credential_offer_uri", url)]))
}

/// Reads an offer's link: any scheme or page, told by its one parameter.
pub fn read_uri(uri: &str) -> Result<Sent, ParseError> {
    let (_, query) = uri.trim().split_once('?').ok_or_else(|| malformed("the link has no parameters"))?;
    let query = query.split('#').next().unwrap_or_default();
    let parameters = form::parse(query.as_bytes())?;
    match (parameters.get("credential_offer"), parameters.get("credential_offer_uri")) {
        (Some(offer), None) => Offer::from_bytes(offer.as_bytes()).map(Sent::Value),
        (None, Some(url)) => Ok(Sent::Reference(url.clone())),
        _ => Err(malformed("the link needs exactly one of credential_offer and credential_offer_uri")),
    }
}

fn malformed(detail: &'static str) -> ParseError {
    ParseError::new("offer_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            issuer: "https://city.example".to_owned(),
            configurations: vec!["idCard.sd-jwt".to_owned(), "idCard.compact".to_owned()],
            code: "SplxlOBeZQQYbYS6WxSbIA".to_owned(),
            tx_code: Some(TxCode {
                length: Some(6),
                numeric: true,
                description: Some("见领证通知 / on your letter".to_owned()),
            }),
        }
    }

    #[test]
    fn an_offer_comes_by_value_and_by_reference() {
        assert_eq!(read_uri(&offer().uri()), Ok(Sent::Value(offer())));
        let plain = Offer { tx_code: None, ..offer() };
        assert_eq!(read_uri(&plain.uri()), Ok(Sent::Value(plain)));
        let url = "https://city.example/oid4vci/offers/abc?x=1&y=2";
        assert_eq!(read_uri(&reference_uri(url)), Ok(Sent::Reference(url.to_owned())));
        let page = format!("https://city.example/wallet/receive?credential_offer_uri={}#top", form::encode(url));
        assert_eq!(read_uri(&page), Ok(Sent::Reference(url.to_owned())));
    }

    #[test]
    fn the_published_example_is_read() {
        // Section 4.1.1, the example with a transaction code of no description.
        let text = r#"{"credential_issuer":"https://credential-issuer.example.com",
            "credential_configuration_ids":["UniversityDegreeCredential","org.iso.18013.5.1.mDL"],
            "grants":{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{
                "pre-authorized_code":"oaKazRN8I0IbtZ0C7JuMn5","tx_code":{}}}}"#;
        let offer = Offer::from_bytes(text.as_bytes()).unwrap();
        assert_eq!(offer.tx_code, Some(TxCode { length: None, numeric: true, description: None }));
        assert_eq!(offer.configurations.len(), 2);
    }

    #[test]
    fn what_is_no_offer_is_refused() {
        for wrong in ["openid-credential-offer://", "x?a=b", "x?credential_offer=%7B%7D", "x?credential_offer=1"] {
            assert!(read_uri(wrong).is_err(), "{wrong}");
        }
        let both = format!("{}&credential_offer_uri=x", offer().uri());
        assert!(read_uri(&both).is_err());
        let mut object = offer().to_json();
        object["grants"] = json!({"authorization_code": {}});
        assert!(Offer::from_json(object.as_object().unwrap()).is_err());
    }
}
