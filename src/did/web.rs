//! `did:web`: the document of the identifier lives at an HTTPS URL (W3C CCG did:web method).
//!
//! What it is: identifier ↔ URL with ports and paths, and a check that a fetched document is the asked one. What it is
//! not: the fetch; `adapters::fetch` does that with the URL from [`url`].

use super::document::Document;
use crate::base::error::ParseError;
use crate::base::json::Map;

/// What every `did:web` starts with.
pub const PREFIX: &str = "did:web:";

/// Writes the `did:web` of an authority (`host` or `host:port`) and path segments.
///
/// Fails when the host is no domain name (of the IP addresses only 127.0.0.1 is allowed), the port no number, or a
/// segment holds anything outside letters, digits, `.`, `-` and `_`.
pub fn did(authority: &str, path: &[&str]) -> Result<String, ParseError> {
    let (host, port) = split_port(authority)?;
    check_host(host)?;
    let mut did = format!("{PREFIX}{}", host.to_ascii_lowercase());
    if let Some(port) = port {
        did.push_str("%3A");
        did.push_str(port);
    }
    for segment in path {
        check_segment(segment)?;
        did.push(':');
        did.push_str(segment);
    }
    Ok(did)
}

/// Turns a `did:web` into the HTTPS URL of its document.
///
/// `did:web:example.com%3A3000:user:alice` becomes `https://example.com:3000/user/alice/did.json`; without a path the
/// document is at `/.well-known/did.json`. Loopback hosts use `http`, so that a city can be tried on one machine.
/// Fails on malformed hosts, ports and segments, on IP addresses other than loopback, and on any other escape than
/// the port's `%3A`.
pub fn url(did: &str) -> Result<String, ParseError> {
    let rest = did.strip_prefix(PREFIX).ok_or_else(|| refuse("not a did:web identifier"))?;
    let mut segments = rest.split(':');
    let authority = segments.next().unwrap_or_default().replace("%3A", ":").replace("%3a", ":");
    let (host, _) = split_port(&authority)?;
    check_host(host)?;
    let mut path = String::new();
    for segment in segments {
        check_segment(segment)?;
        path.push('/');
        path.push_str(segment);
    }
    if path.is_empty() {
        path.push_str("/.well-known");
    }
    let scheme = if is_loopback(host) { "http" } else { "https" };
    Ok(format!("{scheme}://{authority}{path}/did.json"))
}

/// Parses a fetched document and checks that it is the one of this identifier; fails otherwise.
pub fn parse(did: &str, document: &Map) -> Result<Document, ParseError> {
    let document = Document::parse(document)?;
    if document.id != did {
        return Err(refuse("the document is that of another identifier"));
    }
    Ok(document)
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), ParseError> {
    match authority.split_once(':') {
        None => Ok((authority, None)),
        Some((host, port)) if port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with('+') => {
            Ok((host, Some(port)))
        }
        Some(_) => Err(refuse("the port is not a number from 1 to 65535")),
    }
}

fn check_host(host: &str) -> Result<(), ParseError> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(refuse("the host is not a domain name"));
    }
    let numeric = host.split('.').all(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if numeric && !is_loopback(host) {
        return Err(refuse("the host is an IP address"));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "127.0.0.1"
}

fn check_segment(segment: &str) -> Result<(), ParseError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if segment.is_empty() || segment.bytes().all(|byte| byte == b'.') || !segment.bytes().all(allowed) {
        return Err(refuse("a path segment is empty or holds a character outside letters, digits, . - _"));
    }
    Ok(())
}

fn refuse(detail: &str) -> ParseError {
    ParseError::new("did.web", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_method_resolve_to_their_urls() {
        for (did, expected) in [
            ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
            ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
            ("did:web:example.com%3A3000", "https://example.com:3000/.well-known/did.json"),
            ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
            ("did:web:localhost%3A8080:agencies:GA", "http://localhost:8080/agencies/GA/did.json"),
        ] {
            assert_eq!(url(did).unwrap(), expected);
        }
    }

    #[test]
    fn an_identifier_is_built_from_host_port_and_path() {
        assert_eq!(did("Example.com:3000", &["user", "alice"]).unwrap(), "did:web:example.com%3A3000:user:alice");
        assert_eq!(did("127.0.0.1:8080", &["agencies", "GA"]).unwrap(), "did:web:127.0.0.1%3A8080:agencies:GA");
        assert!(did("example.com", &["..", "x"]).is_err());
        assert!(did("example.com", &["a/b"]).is_err());
    }

    #[test]
    fn identifiers_that_could_leave_the_host_are_refused() {
        for bad in [
            "did:web:",
            "did:web:10.0.0.1",
            "did:web:example.com%2Fevil",
            "did:web:example.com/evil",
            "did:web:user@example.com",
            "did:web:example.com%3A0",
            "did:web:example.com%3A99999",
            "did:web:example.com%3Axx",
            "did:web:example.com::a",
            "did:web:example.com:..",
            "did:web:example.com:a%2Fb",
            "did:web:example.com:a?b",
            "did:web:-example.com",
            "did:key:z6Mk",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
