//! Who calls, and whether the route is for them: before a handler runs, and before a body is read.
//!
//! A machine sends a bearer token. A person's browser sends the session's cookie by itself, so that a call which changes
//! something must also repeat the session's CSRF token in a header, which no other site can read or set.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::MethodRouter;

use super::problem::{Answer, Problem};
use super::route::Access;
use super::service::{Shared, blocking};
use crate::base::secret::Secret;
use crate::domain::account::session::Session;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::token::Caller;

/// The session's cookie. The prefix makes browsers insist on `Secure`, `Path=/` and no `Domain` (RFC 6265bis).
pub const COOKIE_NAME: &str = "__Host-certless";
/// The header that repeats the session's CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Somebody the city knows.
pub struct Known {
    /// What they may do.
    pub caller: Caller,
    /// The session, when a person calls.
    pub session: Option<Session>,
}

/// A handler behind its route's access.
pub fn guarded(service: &Shared, access: Access, handler: MethodRouter<Shared>) -> MethodRouter<Shared> {
    if access == Access::Open {
        return handler;
    }
    handler.route_layer(from_fn_with_state((Shared::clone(service), access), guard))
}

async fn guard(State((service, access)): State<(Shared, Access)>, request: Request, next: Next) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    // Asking how a session stands is no activity, or a page left open would keep it alive.
    let known = known(&parts, &service, access != Access::Staff).await?;
    if known.caller.person.as_ref().is_some_and(|person| person.must_change) && access != Access::Staff {
        return Err(password_first());
    }
    if !access.admits(&known.caller) {
        return Err(not_allowed(access).into());
    }
    if let Some(session) = known.session {
        parts.extensions.insert(session);
    }
    parts.extensions.insert(known.caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// Says whom an operation is for, so that the caller knows which token or account to take.
fn not_allowed(access: Access) -> Error {
    let callers = access.callers();
    Error::new(ErrorKind::NotAllowed, format!("{access:?} is needed")).says(
        format!("没有权限：此操作供{}使用。请换用其令牌或账号。", callers.zh),
        format!("Not allowed: this is for {}. Use a token or account of theirs.", callers.en),
    )
}

fn password_first() -> Problem {
    Problem(
        Error::new(ErrorKind::NotAllowed, "the password must be changed first")
            .coded("password_change_needed")
            .says("请先修改初始密码，再办理业务。", "Change the password you were given before anything else."),
    )
}

/// Who calls; `active` when the call shows that a person is at work.
pub async fn known(parts: &Parts, service: &Shared, active: bool) -> Answer<Known> {
    if parts.headers.contains_key(AUTHORIZATION) {
        let token = bearer(&parts.headers).ok_or_else(|| unknown("no bearer token"))?;
        let caller = blocking(service, move |service| service.city.authenticate(token.expose())).await?;
        return Ok(Known { caller, session: None });
    }
    let token = cookie(&parts.headers).ok_or_else(|| unknown("neither token nor session"))?;
    let session = blocking(service, move |service| service.city.session(token.expose(), active)).await?;
    let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let repeated = own_page(&parts.headers) && repeats(&parts.headers, &session);
    if !reads && !repeated {
        return Err(Problem(
            Error::new(ErrorKind::NotAllowed, "no CSRF token")
                .coded("csrf")
                .says("页面已过期，请刷新后重试。", "This page is out of date. Reload it and try again."),
        ));
    }
    Ok(Known { caller: session.caller()?, session: Some(session) })
}

fn unknown(detail: &str) -> Problem {
    Problem(Error::new(ErrorKind::Unauthenticated, detail))
}

fn bearer(headers: &HeaderMap) -> Option<Secret<String>> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 256)
        .then(|| Secret::new(token.to_owned()))
}

/// The token in the session's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<Secret<String>> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let named = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut own = named.filter(|(name, token)| *name == COOKIE_NAME && !token.is_empty() && token.len() <= 256);
    own.next().map(|(_, token)| Secret::new(token.to_owned()))
}

/// Whether the browser says that a page of this origin asks; older browsers say nothing.
pub fn own_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
}

fn repeats(headers: &HeaderMap, session: &Session) -> bool {
    headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).is_some_and(|given| session.has_csrf(given))
}

/// The session that a guarded handler of [`Access::Staff`] works with.
pub struct Own(pub Session);

impl FromRequestParts<Shared> for Own {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Answer<Self> {
        parts.extensions.get::<Session>().cloned().map(Self).ok_or_else(|| unknown("no session"))
    }
}

/// The address that a call comes from: the connection's, or what our own proxies say.
pub struct Address(pub IpAddr);

impl FromRequestParts<Shared> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Ok(Self(forwarded(&parts.headers, service.limits.proxies).unwrap_or(peer)))
    }
}

/// Each proxy adds at the end whom it heard; what stands before the entries of our own proxies is hearsay.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let heard = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let heard: Vec<_> = heard.flat_map(|value| value.split(',')).collect();
    let at = heard.len().checked_sub(proxies)?;
    heard.get(at)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let one = headers("x-forwarded-for", &["198.51.100.1, 203.0.113.7"]);
        assert_eq!(forwarded(&one, 0), None, "no proxy, no belief");
        assert_eq!(forwarded(&one, 1), Some("203.0.113.7".parse().unwrap()));
        assert_eq!(forwarded(&one, 2), Some("198.51.100.1".parse().unwrap()));
        assert_eq!(forwarded(&one, 3), None);
        assert_eq!(forwarded(&headers("x-forwarded-for", &["198.51.100.1", "x"]), 1), None);
    }

    #[test]
    fn the_cookie_has_one_name() {
        let token = |text| cookie(&headers("cookie", &[text])).map(|token| token.expose().clone());
        assert_eq!(token("a=b; __Host-certless=cs_x; c=d"), Some("cs_x".to_owned()));
        for none in ["certless=cs_x", "__host-certless=cs_x", "__Host-certless=", "__Host-certlessx=1", ""] {
            assert_eq!(token(none), None, "{none}");
        }
    }

    #[test]
    fn other_sites_are_told_apart() {
        assert!(own_page(&HeaderMap::new()) && own_page(&headers("sec-fetch-site", &["same-origin"])));
        assert!(
            !own_page(&headers("sec-fetch-site", &["cross-site"]))
                && !own_page(&headers("sec-fetch-site", &["same-site"]))
        );
    }
}
