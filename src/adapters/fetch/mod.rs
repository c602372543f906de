//! Reading what others publish: one bounded HTTPS GET, for `did:web` documents, status lists and trust registries; and one
//! bounded POST, for witnesses.
//!
//! It fails closed: whatever is not plainly allowed is an error, and the caller reports an error as *could not decide*,
//! never as valid. Hosts are on an allow-list ([`allow`]), every redirect is checked again, and the *resolved* address
//! decides ([`address`]), so that a public name cannot lead into the own network. No proxy and no cookie is used and
//! nothing is kept between calls. Plain `http` is possible to loopback addresses only, where configured.

pub mod address;
pub mod allow;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, Instant};

use ureq::http::{Response, Uri, header};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};

use address::{CheckedResolver, Refused};
use allow::AllowList;

/// What may be fetched, from where and how much of it.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Hosts that may be asked; see [`AllowList`] for the notation.
    pub hosts: AllowList,
    /// Whether loopback addresses may be asked, also over plain `http`.
    pub loopback: bool,
    /// Whether addresses of private networks may be asked.
    pub private: bool,
    /// Longest time for one call, redirects and body included.
    pub total: Duration,
    /// Longest body in bytes.
    pub max_bytes: u64,
    /// Most redirects followed.
    pub max_redirects: u8,
    /// The certificate authorities to trust, PEM; the public ones when there is none.
    pub authorities: Vec<String>,
}

/// A fetched document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The address that answered, after redirects.
    pub url: String,
    /// The media type in lower case without parameters, when the server named one.
    pub content_type: Option<String>,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The name resolves to an address that may not be asked.
    Address,
    /// The body is longer than allowed.
    TooLarge,
    /// More redirects than allowed.
    TooManyRedirects,
    /// The host is not on the allow-list.
    NotAllowed {
        /// The host and port that were asked for.
        host: String,
    },
    /// The server answered, but not with 200.
    Status(u16),
    /// The whole call took longer than allowed.
    Timeout,
    /// No connection, no TLS, or no HTTP; with a technical detail.
    Unreachable(String),
    /// The address is no absolute `https` URL without credentials.
    Url,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the name leads to an address that may not be asked"),
            Self::TooLarge => f.write_str("the document is longer than allowed"),
            Self::TooManyRedirects => f.write_str("too many redirects"),
            Self::NotAllowed { host } => write!(f, "{host} is not on the list of hosts to fetch from"),
            Self::Status(code) => write!(f, "the server answered with status {code}"),
            Self::Timeout => f.write_str("no complete answer in time"),
            Self::Unreachable(detail) => write!(f, "unreachable: {detail}"),
            Self::Url => f.write_str("not an https address"),
        }
    }
}

impl std::error::Error for FetchError {}

/// Fetches under one policy; cheap to share, keeps no connection.
#[derive(Debug)]
pub struct Fetcher {
    policy: Policy,
    agent: Agent,
}

impl Fetcher {
    /// A fetcher that keeps to a policy.
    pub fn new(policy: Policy) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .user_agent("certless")
            .accept_encoding("identity")
            .tls_config(trusting(&policy.authorities))
            .build();
        let resolver = CheckedResolver::new(policy.loopback, policy.private);
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        Self { policy, agent }
    }

    /// Gets a document. `accept` is the media type asked for; whoever reads the document checks what came.
    pub fn get(&self, url: &str, accept: &str) -> Result<Fetched, FetchError> {
        let deadline = Instant::now() + self.policy.total;
        let mut at = self.permit(url)?;
        for _ in 0..=self.policy.max_redirects {
            let response = self.ask(&at, accept, deadline)?;
            match response.status().as_u16() {
                200 => return self.read(&at, response),
                301 | 302 | 303 | 307 | 308 => at = self.permit(&target(&at, &response)?)?,
                other => return Err(FetchError::Status(other)),
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Posts a body and takes whatever the server answers: the status code and the document. No redirect is followed.
    pub fn post(&self, url: &str, media: &str, body: &[u8]) -> Result<(u16, Fetched), FetchError> {
        let at = self.permit(url)?;
        let request = self.agent.post(&at).header(header::CONTENT_TYPE, media);
        let request = request.config().timeout_global(Some(self.policy.total)).build();
        let response = request.send(body).map_err(translate)?;
        Ok((response.status().as_u16(), self.read(&at, response)?))
    }

    fn permit(&self, url: &str) -> Result<Uri, FetchError> {
        let uri: Uri = url.parse().map_err(|_| FetchError::Url)?;
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().ok_or(FetchError::Url)?;
        let secure = scheme == "https" || (scheme == "http" && self.policy.loopback);
        if !secure || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(FetchError::Url);
        }
        let standard = if scheme == "https" { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(standard);
        if !self.policy.hosts.permits(authority.host(), port) {
            return Err(FetchError::NotAllowed { host: format!("{}:{port}", authority.host()) });
        }
        Ok(uri)
    }

    fn ask(&self, uri: &Uri, accept: &str, deadline: Instant) -> Result<Response<Body>, FetchError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::Timeout);
        }
        let request = self.agent.get(uri).header(header::ACCEPT, accept).config().timeout_global(Some(left)).build();
        request.call().map_err(translate)
    }

    fn read(&self, uri: &Uri, response: Response<Body>) -> Result<Fetched, FetchError> {
        if response.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(FetchError::Unreachable("the server compressed without being asked".to_owned()));
        }
        let named = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = named.map(media_type).filter(|value| !value.is_empty());
        let mut body = response.into_body();
        // One byte more than allowed may be asked for, so that a body of exactly the limit passes.
        let limit = self.policy.max_bytes.saturating_add(1);
        let bytes = body.with_config().limit(limit).read_to_vec().map_err(translate)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > self.policy.max_bytes {
            return Err(FetchError::TooLarge);
        }
        Ok(Fetched { url: uri.to_string(), content_type, bytes })
    }
}

fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Where a redirect leads: an absolute URL, or a path on the same server.
fn target(from: &Uri, response: &Response<Body>) -> Result<String, FetchError> {
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or_else(|| FetchError::Unreachable("a redirect without a location".to_owned()))?;
    let scheme = from.scheme_str().unwrap_or_default();
    let authority = from.authority().map_or("", |authority| authority.as_str());
    match location {
        _ if location.starts_with("//") => Ok(format!("{scheme}:{location}")),
        _ if location.starts_with('/') => Ok(format!("{scheme}://{authority}{location}")),
        _ => Ok(location.to_owned()),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum is open; the rest is told as unreachable")]
fn translate(error: ureq::Error) -> FetchError {
    match error {
        ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge,
        ureq::Error::Timeout(_) => FetchError::Timeout,
        ureq::Error::Other(other) if other.is::<Refused>() => FetchError::Address,
        other => FetchError::Unreachable(other.to_string()),
    }
}

/// TLS for clients: the certificate authorities of these PEM texts, or the public ones when there is none.
pub(in crate::adapters) fn trusting(authorities: &[String]) -> TlsConfig {
    let items = authorities.iter().flat_map(|text| parse_pem(text.as_bytes()).filter_map(Result::ok));
    let roots: Vec<_> =
        items.filter_map(|item| if let PemItem::Certificate(root) = item { Some(root) } else { None }).collect();
    let trusted = if authorities.is_empty() { RootCerts::WebPki } else { roots.into() };
    TlsConfig::builder().root_certs(trusted).build()
}
