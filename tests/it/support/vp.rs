//! A phone that answers presentation requests over HTTP, as honestly or dishonestly as a test wants.

use certless::base::json::{Map, Value, json};
use certless::base::random::SystemRandom;
use certless::crypto::Algorithm;
use certless::domain::trust::Registry;
use certless::domain::wallet::Wallet;
use certless::domain::wallet::keys::HolderKey;
use certless::domain::wallet::request::{CheckedRequest, Pick};
use certless::vc::contexts::Contexts;
use certless::wire::form;
use certless::wire::oid4vp::request::Reference;
use certless::wire::oid4vp::response::Content;

use super::city::{Got, TestCity};
use super::roles::{Agency, Resident, Window, now, row_of};

/// Asks for something as a window: the invitation.
#[track_caller]
pub(crate) fn ask(city: &TestCity, window: &Window<'_>, body: &Value) -> Value {
    let (status, invitation) = city.post_as(Some(window.token()), "/api/requests", body);
    assert_eq!(status, 201, "{invitation}");
    invitation
}

/// What a window sees of a request.
#[track_caller]
pub(crate) fn result(city: &TestCity, window: &Window<'_>, invitation: &Value) -> Value {
    let path = format!("/api/requests/{}", invitation["id"].as_str().unwrap());
    let got = city.get(Some(window.token()), &path, "application/json");
    assert_eq!(got.status, 200, "{}", got.text);
    got.json()
}

/// The events of a request until it ends.
pub(crate) fn events(city: &TestCity, window: &Window<'_>, id: &str) -> Vec<(String, Value)> {
    let got = city.get(Some(window.token()), &format!("/api/requests/{id}/events"), "text/event-stream");
    assert_eq!((got.status, got.media.as_str()), (200, "text/event-stream"), "{}", got.text);
    let event = |block: &str| {
        let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Some((line("event:")?.to_owned(), serde_json::from_str(line("data:")?).unwrap()))
    };
    got.text.split("\n\n").filter_map(event).collect()
}

/// The path of an address of the city.
pub(crate) fn path<'a>(city: &TestCity, address: &'a str) -> &'a str {
    address.strip_prefix(&city.base).unwrap()
}

/// The request by reference that an invitation shows.
pub(crate) fn reference(invitation: &Value) -> Reference {
    let reference = Reference::parse(invitation["requestUri"].as_str().unwrap()).unwrap();
    assert_eq!(Reference::parse(invitation["link"].as_str().unwrap()).unwrap(), reference);
    reference
}

/// Fetches a request object, saying what the wallet supports, and checks it.
#[track_caller]
pub(crate) fn fetch(city: &TestCity, invitation: &Value, formats: &[&str]) -> CheckedRequest {
    let reference = reference(invitation);
    let supported: Map = formats.iter().map(|format| ((*format).to_owned(), json!({}))).collect();
    let metadata = json!({"vp_formats_supported": supported}).to_string();
    let mut posted = vec![("wallet_nonce", "qPmxiNFCR3QTm19POc8u")];
    if !formats.is_empty() {
        posted.push(("wallet_metadata", &metadata));
    }
    let body = form::print(posted);
    let got = city.send(None, path(city, &reference.request_uri), form::MEDIA_TYPE, body.as_bytes());
    assert_eq!((got.status, got.media.as_str()), (200, "application/oauth-authz-req+jwt"), "{}", got.text);
    CheckedRequest::check(&got.text, &reference, Some("qPmxiNFCR3QTm19POc8u"), &registry(city), now()).unwrap()
}

/// The trust registry as a stranger gets it.
pub(crate) fn registry(city: &TestCity) -> Registry {
    let got = city.get(None, "/.well-known/certless/trust", "application/json");
    Registry::open_named(got.text.as_bytes(), &Contexts::bundled()).unwrap().registry
}

/// Posts some content as the answer.
pub(crate) fn post(city: &TestCity, request: &CheckedRequest, content: Content) -> Got {
    let body = request.body(content, &SystemRandom).unwrap();
    post_form(city, request, &body)
}

/// Posts any body as the answer.
pub(crate) fn post_form(city: &TestCity, request: &CheckedRequest, body: &str) -> Got {
    city.send(None, path(city, &request.object.response_uri), form::MEDIA_TYPE, body.as_bytes())
}

impl Resident {
    /// The resident of a code with a wallet whose key is of another algorithm.
    pub(crate) fn with_p256(n: usize) -> Self {
        let mut one = Self::nth(n);
        one.wallet = Wallet::new(one.name.clone(), HolderKey::generate(Algorithm::Es256, &SystemRandom));
        one
    }

    /// The licence of a type from the stock, bound to this wallet whatever key the stock knows.
    pub(crate) fn obtain_bound(&mut self, city: &TestCity, type_code: &str) -> String {
        let row = row_of(type_code, &self.code);
        let body = json!({"type": type_code, "row": row.values, "holderKey": self.key().to_jwk()});
        let (status, answer) = Agency::new(city, row.agency.as_str()).post("/api/credentials", &body);
        assert_eq!(status, 201, "{answer}");
        self.receive(&answer)
    }

    /// What the wallet would give.
    pub(crate) fn plan(&self, request: &CheckedRequest) -> Vec<Pick> {
        self.wallet.plan(&request.object).unwrap()
    }

    /// The answer that the wallet gives by its own plan.
    pub(crate) fn answer(&mut self, request: &CheckedRequest) -> Content {
        let picks = self.plan(request);
        Content::Token(self.wallet.answer(request, &picks, &Contexts::bundled(), now()).unwrap())
    }

    /// Answers honestly.
    pub(crate) fn respond(&mut self, city: &TestCity, request: &CheckedRequest) -> Got {
        let content = self.answer(request);
        post(city, request, content)
    }
}
