//! Receiving by OpenID4VCI 1.0, as the holder's side: an offer's link, its PIN and the wallet's key become a licence.
//!
//! The wallet asks for the JSON credential, the SD-JWT and the compact views, each bound to its one key, and keeps them
//! only after reading each; what the issuer has not released yet is [waited for](super::waiting). What it asks goes out through [`Issuer`]; an adapter bounds time, size and addresses.

use super::Wallet;
use super::waiting::{Received, Waiting};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::time::Timestamp;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::oid4vci::credential::{Asked, CredentialRequest};
use crate::wire::oid4vci::metadata::Endpoints;
use crate::wire::oid4vci::offer::{Offer, Sent, read_uri};
use crate::wire::oid4vci::token::TokenRequest;
use crate::wire::oid4vci::{Format, proof};

/// One request of a wallet.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// Gets JSON.
    Get,
    /// Posts a form, or nothing.
    Form(&'a str),
    /// Posts JSON with an access token.
    Json(&'a str, &'a Value),
}

/// An answer of an issuer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body; empty for an answer without one.
    pub body: Vec<u8>,
}

/// What a wallet asks of the network.
pub trait Issuer {
    /// Sends one request to an address; never follows a redirect.
    fn ask(&self, url: &str, request: Request<'_>) -> Result<Reply, Error>;
}

impl Wallet {
    /// Receives what an offer's link offers; `pin` where the offer wants one.
    pub fn receive_offer(
        &mut self,
        link: &str,
        pin: Option<&str>,
        net: &dyn Issuer,
        now: Timestamp,
    ) -> Result<Received, Error> {
        let offer = match read_uri(link)? {
            Sent::Value(offer) => offer,
            Sent::Reference(url) => Offer::from_json(&object(&net.ask(&url, Request::Get)?)?)?,
        };
        if offer.tx_code.is_some() && pin.is_none() {
            return Err(Error::new(ErrorKind::Refused, "the offer wants a PIN")
                .says("领取该证照需要 PIN 码，请用 --pin 给出。", "This offer wants a PIN. Give it with --pin."));
        }
        let mut session = Session::open(&offer, pin, net)?;
        for format in Format::ALL {
            let named = offer.configurations.iter().find(|name| session.format_of(name) == Some(format));
            if let Some(name) = named {
                session.claim(name, format, self, now)?;
            }
        }
        let Session { begun, .. } = session;
        self.settle(begun, net, now)
    }
}

/// An opened offer.
struct Session<'a> {
    net: &'a dyn Issuer,
    endpoints: Endpoints,
    begun: Waiting,
}

impl<'a> Session<'a> {
    fn open(offer: &Offer, pin: Option<&str>, net: &'a dyn Issuer) -> Result<Self, Error> {
        let metadata = object(&net.ask(&well_known(&offer.issuer, "openid-credential-issuer"), Request::Get)?)?;
        let endpoints = Endpoints::read(&metadata, &offer.issuer).ok_or_else(|| malformed("the issuer's metadata"))?;
        let server = endpoints.server.clone().unwrap_or_else(|| offer.issuer.clone());
        let server = object(&net.ask(&well_known(&server, "oauth-authorization-server"), Request::Get)?)?;
        let token_endpoint = text(&server, "token_endpoint")?;
        let tx_code = offer.tx_code.as_ref().and(pin).map(str::to_owned);
        let request = TokenRequest { code: offer.code.clone(), tx_code, details: None };
        let answer = object(&net.ask(&token_endpoint, Request::Form(&request.print()))?)?;
        let token = text(&answer, "access_token")?;
        let begun = Waiting::new(&offer.issuer, token, endpoints.deferred.clone(), endpoints.notification.clone());
        Ok(Self { net, endpoints, begun })
    }

    fn format_of(&self, name: &str) -> Option<Format> {
        self.endpoints.configurations.iter().find(|(known, _)| known == name).map(|(_, format)| *format)
    }

    /// Asks for one copy of a configuration, bound to the wallet's key.
    fn claim(&mut self, name: &str, format: Format, wallet: &Wallet, now: Timestamp) -> Result<(), Error> {
        let nonce = match &self.endpoints.nonce {
            Some(url) => text(&object(&self.net.ask(url, Request::Form(""))?)?, "c_nonce")?,
            None => String::new(),
        };
        let proofs = vec![proof::sign(&self.begun.issuer, &nonce, now, wallet.key())];
        let request = CredentialRequest { asked: Asked::Configuration(name.to_owned()), proofs }.to_json();
        let reply = self.net.ask(&self.endpoints.credential, Request::Json(&self.begun.token, &request))?;
        self.begun.note(format, reply.status, &object(&reply)?)
    }
}

/// The first credential of an answer.
pub(super) fn credential_of(answer: &Map) -> Result<Value, Error> {
    let credential = answer.get("credentials").and_then(|all| all.get(0)?.get("credential"));
    credential.cloned().ok_or_else(|| malformed("the credential response"))
}

/// The package that a wallet keeps, out of the copies by format.
pub(super) fn package(wallet: &Wallet, of: impl Fn(Format) -> Option<Value>) -> Result<Value, Error> {
    let credential = of(Format::Ldp).ok_or_else(|| malformed("an offer without a JSON credential"))?;
    let (type_code, number) = (offered_type(&credential), credential.pointer("/certificate/certificateNumber"));
    let id = credential.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut copy = json!({"holder": wallet.key().did(), "compact": of(Format::Compact).unwrap_or_else(|| json!({}))});
    if let (Some(sd_jwt), Value::Object(copy)) = (of(Format::SdJwt), &mut copy) {
        copy.insert("sdJwt".to_owned(), sd_jwt);
    }
    Ok(json!({
        "id": id.strip_prefix("urn:certless:").unwrap_or(id),
        "type": type_code,
        "number": number.and_then(Value::as_str).unwrap_or_default(),
        "credential": credential,
        "copies": [copy],
    }))
}

/// The type's code as the address of its schema tells it: `…/schemas/credentials/idCard/1`.
fn offered_type(credential: &Value) -> String {
    let schema = credential.pointer("/credentialSchema/id").and_then(Value::as_str).unwrap_or_default();
    schema.rsplit('/').nth(1).unwrap_or_default().to_owned()
}

/// The well-known address of an issuer, whose path comes behind it (section 12.2.2, RFC 8414 section 3.1).
fn well_known(issuer: &str, name: &str) -> String {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("https", issuer));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    format!("{scheme}://{host}/.well-known/{name}{}", path.trim_end_matches('/'))
}

/// The object of a good answer; the error that a bad one tells.
pub(super) fn object(reply: &Reply) -> Result<Map, Error> {
    let limits = Limits { bytes: 4 << 20, ..Limits::DEFAULT };
    let body = parse_object(&reply.body, &limits);
    if (200..300).contains(&reply.status) {
        return Ok(body?);
    }
    let body = body.unwrap_or_default();
    let said = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    Err(match said("error") {
        "" if !said("zh").is_empty() => Error::new(ErrorKind::Refused, said("detail")).says(said("zh"), said("en")),
        code => told(code, said("error_description"), reply.status),
    })
}

/// An error of the protocol as people read it.
fn told(code: &str, description: &str, status: u16) -> Error {
    let (kind, zh, en) = match code {
        "invalid_grant" => (
            ErrorKind::NotAllowed,
            "PIN 码有误，或领证码已使用、已过期、已撤销。",
            "The PIN is wrong, or the offer was used, withdrawn or has expired.",
        ),
        "invalid_proof" => (
            ErrorKind::Refused,
            "发证机关不接受密钥证明：请检查本机时间。",
            "The issuer did not accept the key proof. Is the clock right?",
        ),
        "invalid_nonce" => (ErrorKind::Conflict, "随机数已失效，请重试。", "The nonce is used up. Try again."),
        "credential_request_denied" => {
            (ErrorKind::Refused, "证照不能领取，请联系发证机关。", "The licence cannot be received. Ask the agency.")
        }
        "invalid_token" => (ErrorKind::NotAllowed, "领取超时，请重新扫码。", "It took too long. Open the offer again."),
        _ => (ErrorKind::Unavailable, "发证机关未能办理，请稍后重试。", "The issuer could not do it. Try again later."),
    };
    Error::new(kind, format!("{status} {code}: {description}")).says(zh, en)
}

fn text(map: &Map, name: &str) -> Result<String, Error> {
    map.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| malformed(name))
}

fn malformed(what: &str) -> Error {
    Error::malformed(format!("not understood: {what}"))
        .says("发证方的应答无法识别。", "The issuer's answer is not understood.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_addresses_stand_between_host_and_path() {
        let name = "openid-credential-issuer";
        assert_eq!(well_known("https://a.example", name), "https://a.example/.well-known/openid-credential-issuer");
        let tenant = "https://a.example/.well-known/openid-credential-issuer/tenant";
        assert_eq!(well_known("https://a.example/tenant", name), tenant);
        assert_eq!(
            well_known("http://127.0.0.1:8080/", name),
            "http://127.0.0.1:8080/.well-known/openid-credential-issuer"
        );
    }

    #[test]
    fn a_refusal_is_told_in_words() {
        let refused = |body: &str| object(&Reply { status: 400, body: body.as_bytes().to_vec() }).unwrap_err();
        let error = refused(r#"{"error":"invalid_grant","error_description":"x"}"#);
        assert_eq!((error.kind, error.detail.as_str()), (ErrorKind::NotAllowed, "400 invalid_grant: x"));
        let problem = refused(r#"{"type":"/problems/already-used","zh":"已用。","en":"Used.","detail":"d"}"#);
        assert_eq!(problem.message.unwrap().en, "Used.");
        assert_eq!(refused("<html>").kind, ErrorKind::Unavailable);
    }
}
