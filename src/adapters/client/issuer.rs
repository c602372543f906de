//! The network as a wallet uses it to receive: bounded requests to the addresses that an offer and its issuer name.
//!
//! Codes, PINs and access tokens travel: `https` only, `http` to this machine alone; no redirect, no proxy; time and size
//! are bounded.

use std::path::Path;
use std::time::Duration;

use ureq::http::header;
use ureq::{Agent, Body};

use super::{keeps_secrets, read_authority};
use crate::adapters::fetch::trusting;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::wallet::receive::{Issuer, Reply, Request};
use crate::wire::form::MEDIA_TYPE;

/// Longest answer, bytes.
const MOST_ANSWER: u64 = 4 << 20;
/// Longest time for one request.
const TOTAL: Duration = Duration::from_secs(30);

/// Asks issuers.
#[derive(Debug)]
pub struct IssuerClient(Agent);

impl IssuerClient {
    /// A client; the connection of one request is kept for the next. The file's certificate authority is trusted instead of
    /// the public ones.
    pub fn new(authority: Option<&Path>) -> Result<Self, Error> {
        let authority = authority.map(read_authority).transpose()?;
        let config = Agent::config_builder().proxy(None).http_status_as_error(false).max_redirects(0);
        let config = config.max_redirects_will_error(false).timeout_global(Some(TOTAL)).user_agent("certless");
        Ok(Self(config.tls_config(trusting(authority.as_slice())).build().new_agent()))
    }
}

impl Issuer for IssuerClient {
    fn ask(&self, url: &str, request: Request<'_>) -> Result<Reply, Error> {
        if !keeps_secrets(url) {
            return Err(Error::new(ErrorKind::NotAllowed, "an address that is neither https nor this machine").says(
                format!("拒绝访问 {url}：只允许 https，本机可用 http。"),
                format!("{url} is refused: https only; http:// is for this machine."),
            ));
        }
        let json = "application/json";
        let answer = match request {
            Request::Get => self.0.get(url).header(header::ACCEPT, json).call(),
            Request::Form(form) => {
                let request = self.0.post(url).header(header::ACCEPT, json);
                request.header(header::CONTENT_TYPE, MEDIA_TYPE).send(form)
            }
            Request::Json(token, body) => {
                let request = self.0.post(url).header(header::ACCEPT, json).header(header::CONTENT_TYPE, json);
                request.header(header::AUTHORIZATION, format!("Bearer {token}")).send(body.to_string())
            }
        };
        answer.and_then(read).map_err(|error| {
            Error::new(ErrorKind::Unavailable, format!("{url}: {error}")).says(
                format!("无法连接 {url}（{error}）。请检查网络后重试。"),
                format!("{url} cannot be reached ({error}). Check the network and try again."),
            )
        })
    }
}

fn read(mut answer: ureq::http::Response<Body>) -> Result<Reply, ureq::Error> {
    let body = answer.body_mut().with_config().limit(MOST_ANSWER).read_to_vec()?;
    Ok(Reply { status: answer.status().as_u16(), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_here() {
        for url in ["http://city.example/oid4vci/token", "ftp://127.0.0.1/x", "city.example", ""] {
            assert_eq!(
                IssuerClient::new(None).unwrap().ask(url, Request::Get).unwrap_err().kind,
                ErrorKind::NotAllowed,
                "{url}"
            );
        }
    }
}
