//! The list of hosts that may be asked.
//!
//! One entry is `host`, `host:port`, `host:*`, `*.host` (names below it, not the host itself) or `*` (any host on the
//! standard port). Without a port the standard port of https, 443, is meant. Internationalised names are written in
//! their ASCII form; an IPv6 address stands in brackets.

use crate::base::error::ParseError;

/// Hosts and ports that may be asked; an empty list permits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    Below(String),
    Exactly(String),
}

impl AllowList {
    /// Reads the entries; `host_pattern` is the code of an entry that cannot be meant.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, ParseError> {
        entries.iter().map(|entry| parse_entry(entry.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a host may be asked on a port.
    pub fn permits(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|entry| entry.port.is_none_or(|wanted| wanted == port) && entry.name.covers(&host))
    }
}

impl Name {
    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Below(parent) => {
                host.strip_suffix(parent.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            Self::Exactly(name) => name == host,
        }
    }
}

fn parse_entry(entry: &str) -> Result<Entry, ParseError> {
    let wrong = || ParseError::new("host_pattern", format!("{entry:?} is not host, host:port, host:*, *.host or *"));
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    };
    let port = match port {
        None => Some(443),
        Some("*") => None,
        Some(digits) => Some(digits.parse().map_err(|_| wrong())?),
    };
    let host = host.to_ascii_lowercase();
    let bare = host.strip_prefix("*.").unwrap_or(&host);
    let plain = !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b));
    let name = match host.as_str() {
        "*" => Name::Any,
        _ if !plain => return Err(wrong()),
        _ if host.starts_with("*.") => Name::Below(bare.to_owned()),
        _ => Name::Exactly(host),
    };
    Ok(Entry { name, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> AllowList {
        AllowList::parse(entries).unwrap()
    }

    #[test]
    fn an_entry_permits_its_host_and_port_only() {
        let hosts = list(&["Gov.example", "other.example:8443", "local:*"]);
        assert!(hosts.permits("gov.EXAMPLE", 443));
        assert!(!hosts.permits("gov.example", 8443));
        assert!(!hosts.permits("www.gov.example", 443));
        assert!(!hosts.permits("evilgov.example", 443));
        assert!(hosts.permits("other.example", 8443) && !hosts.permits("other.example", 443));
        assert!(hosts.permits("local", 1) && hosts.permits("local", 65535));
        assert!(!AllowList::default().permits("gov.example", 443));
    }

    #[test]
    fn wildcards_cover_whole_labels() {
        let hosts = list(&["*.gov.example"]);
        assert!(hosts.permits("a.gov.example", 443) && hosts.permits("a.b.gov.example", 443));
        assert!(
            !hosts.permits("gov.example", 443)
                && !hosts.permits("agov.example", 443)
                && !hosts.permits(".gov.example", 443)
        );
        assert!(list(&["*"]).permits("anything.example", 443) && !list(&["*"]).permits("anything.example", 80));
        assert!(list(&["[::1]:*"]).permits("[::1]", 8080) && list(&["[::1]"]).permits("[::1]", 443));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for entry in [
            "",
            ":",
            "https://a.example",
            "a.example/path",
            "a b",
            "*.",
            "a.*.example",
            "a.example:99999",
            "用户.example",
        ] {
            assert_eq!(AllowList::parse(&[entry]).unwrap_err().code, "host_pattern", "{entry}");
        }
    }
}
