//! A wallet that speaks OpenID4VCI 1.0 word by word, so that each word can be wrong: keys of both kinds, no library of ours
//! but for signing.

use certless::base::json::{Map, Value, json};
use certless::base::random::SystemRandom;
use certless::crypto::{Algorithm, Signer as _};
use certless::domain::wallet::keys::HolderKey;
use certless::vc::jws;
use certless::wire::form;
use certless::wire::oid4vci::PRE_AUTHORIZED;
use certless::wire::oid4vci::offer::{Offer, Sent, read_uri};

use super::city::{Got, TestCity};
use super::roles::now;

/// A wallet with keys of its own.
pub(crate) struct Phone<'a> {
    city: &'a TestCity,
    /// Its keys: Ed25519 and P-256 in turn.
    pub(crate) keys: Vec<HolderKey>,
}

impl<'a> Phone<'a> {
    /// A new phone with so many keys.
    pub(crate) fn new(city: &'a TestCity, keys: usize) -> Self {
        let algorithm = |i: usize| if i.is_multiple_of(2) { Algorithm::EdDsa } else { Algorithm::Es256 };
        Self { city, keys: (0..keys).map(|i| HolderKey::generate(algorithm(i), &SystemRandom)).collect() }
    }

    /// The offer behind a link, fetched where the link says so.
    pub(crate) fn open(&self, uri: &str) -> Offer {
        match read_uri(uri).unwrap() {
            Sent::Value(offer) => offer,
            Sent::Reference(url) => {
                let got = self.city.get(None, url.strip_prefix(&self.city.base).unwrap(), "application/json");
                assert_eq!((got.status, got.media.as_str()), (200, "application/json"), "{}", got.text);
                Offer::from_bytes(got.text.as_bytes()).unwrap()
            }
        }
    }

    /// Asks for an access token with these parameters beside the grant type.
    pub(crate) fn ask_token(&self, parameters: &[(&str, &str)]) -> Got {
        let all: Vec<_> = [("grant_type", PRE_AUTHORIZED)].into_iter().chain(parameters.iter().copied()).collect();
        let form = form::print(all);
        self.city.send(None, "/oid4vci/token", "application/x-www-form-urlencoded", form.as_bytes())
    }

    /// An access token for an offer.
    pub(crate) fn token(&self, offer: &Offer, pin: Option<&str>) -> String {
        let mut parameters = vec![("pre-authorized_code", offer.code.as_str())];
        parameters.extend(pin.map(|pin| ("tx_code", pin)));
        let got = self.ask_token(&parameters);
        assert_eq!(got.status, 200, "{}", got.text);
        assert_eq!(got.header("cache-control"), "no-store");
        let answer = got.json();
        assert_eq!(answer["token_type"], "Bearer");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A fresh nonce.
    pub(crate) fn nonce(&self) -> String {
        let got = self.city.send(None, "/oid4vci/nonce", "", b"");
        assert_eq!((got.status, got.header("cache-control")), (200, "no-store"));
        got.json()["c_nonce"].as_str().unwrap().to_owned()
    }

    /// A proof of a key with these claims, the header as given.
    pub(crate) fn proof_with(&self, key: usize, header: &Value, claims: &Value) -> String {
        jws::sign(&map(header), &map(claims), &self.keys[key])
    }

    /// The header that a proof of a key should have.
    pub(crate) fn header(&self, key: usize) -> Value {
        json!({"typ": "openid4vci-proof+jwt", "jwk": Value::Object(self.keys[key].public_key().to_jwk())})
    }

    /// The claims that a proof should have.
    pub(crate) fn claims(&self, nonce: &str) -> Value {
        json!({"aud": self.city.base, "iat": now().as_second(), "nonce": nonce})
    }

    /// A good proof of each key.
    pub(crate) fn proofs(&self) -> Vec<String> {
        let claims = self.claims(&self.nonce());
        (0..self.keys.len()).map(|key| self.proof_with(key, &self.header(key), &claims)).collect()
    }

    /// Sends a credential request.
    pub(crate) fn ask(&self, token: &str, body: &Value) -> Got {
        self.city.send(Some(token), "/oid4vci/credential", "application/json", body.to_string().as_bytes())
    }

    /// Asks for a configuration with these proofs.
    pub(crate) fn ask_with(&self, token: &str, configuration: &str, proofs: &[String]) -> Got {
        self.ask(token, &json!({"credential_configuration_id": configuration, "proofs": {"jwt": proofs}}))
    }

    /// The copies of a configuration, one for each key, and the notification's name.
    pub(crate) fn copies(&self, token: &str, configuration: &str) -> (Vec<Value>, String) {
        let got = self.ask_with(token, configuration, &self.proofs());
        assert_eq!((got.status, got.header("cache-control")), (200, "no-store"), "{}", got.text);
        let answer = got.json();
        let copies = answer["credentials"].as_array().unwrap().iter().map(|one| one["credential"].clone());
        (copies.collect(), answer["notification_id"].as_str().unwrap().to_owned())
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, token: &str, id: &str, event: &str) -> Got {
        let body = json!({"notification_id": id, "event": event});
        self.city.send(Some(token), "/oid4vci/notification", "application/json", body.to_string().as_bytes())
    }

    /// Asks the deferred endpoint.
    pub(crate) fn ask_later(&self, token: &str, transaction: &str) -> Got {
        let body = json!({"transaction_id": transaction}).to_string();
        self.city.send(Some(token), "/oid4vci/deferred", "application/json", body.as_bytes())
    }
}

fn map(value: &Value) -> Map {
    value.as_object().unwrap().clone()
}

/// Fails unless an answer is this error of the protocol.
#[track_caller]
pub(crate) fn is_error(got: &Got, status: u16, code: &str) {
    let answer = got.json();
    assert_eq!((got.status, answer["error"].as_str().unwrap_or_default()), (status, code), "{}", got.text);
    assert_eq!((got.media.as_str(), got.header("cache-control")), ("application/json", "no-store"));
    let told = answer["error_description"].as_str().unwrap();
    assert!(told.is_ascii() && !told.contains(['"', '\\']), "{told}");
}
