//! Which addresses may be asked: decided after the name was resolved, on the very addresses that are connected to.
//!
//! A name under an attacker's control can point at the own machine or network (server-side request forgery), also only
//! at the second question. Therefore the check is part of resolving, and one bad address refuses the whole answer.
//! The ranges follow the IANA special-purpose address registries.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This machine.
    Loopback,
    /// Never a server to ask: unspecified, link-local, multicast, broadcast, reserved or translated.
    Never,
    /// A private network.
    Private,
    /// The public Internet.
    Public,
}

/// Where an address leads.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(|| reach_v6(v6), reach_v4),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] => Reach::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Private,
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if address.is_loopback() {
        return Reach::Loopback;
    }
    match address.segments() {
        [0xfc00..=0xfdff, ..] => Reach::Private,
        // Documentation, Teredo and benchmarking; 6to4 carries an IPv4 address.
        [0x2001, 0 | 2 | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Never,
        // Global unicast; the translation prefix 64:ff9b::/96, link-local and multicast lie outside it.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// The name leads to an address that may not be asked.
#[derive(Debug)]
pub(super) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("address refused")
    }
}

impl std::error::Error for Refused {}

/// Resolves like the system and lets through only what the policy names.
#[derive(Debug)]
pub(super) struct CheckedResolver {
    system: DefaultResolver,
    loopback: bool,
    private: bool,
}

impl CheckedResolver {
    pub(super) fn new(loopback: bool, private: bool) -> Self {
        Self { system: DefaultResolver::default(), loopback, private }
    }

    /// Plain `http` goes to this machine only.
    fn permits(&self, address: IpAddr, plain: bool) -> bool {
        match reach(address) {
            Reach::Loopback => self.loopback,
            Reach::Never => false,
            Reach::Private => self.private && !plain,
            Reach::Public => !plain,
        }
    }
}

impl Resolver for CheckedResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let plain = uri.scheme_str() != Some("https");
        let found = self.system.resolve(uri, config, timeout)?;
        if found.iter().all(|address| self.permits(address.ip(), plain)) {
            Ok(found)
        } else {
            Err(ureq::Error::Other(Box::new(Refused)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted_by_reach() {
        let cases = [
            (Reach::Loopback, "127.0.0.1 127.255.0.9 ::1 ::ffff:127.0.0.1"),
            (Reach::Private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 fd00::1 ::ffff:10.0.0.1"),
            (
                Reach::Never,
                "0.0.0.0 169.254.169.254 192.0.2.1 198.18.0.1 203.0.113.9 224.0.0.1 255.255.255.255 240.0.0.1",
            ),
            (
                Reach::Never,
                ":: fe80::1 ff02::1 64:ff9b::a00:1 2002:a00:1::1 2001::1 2001:db8::1 ::ffff:169.254.1.1 ::a00:1",
            ),
            (
                Reach::Public,
                "1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 223.5.5.5 2400:3200::1 2606:4700::1111",
            ),
        ];
        for (expected, addresses) in cases {
            for address in addresses.split(' ') {
                assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
            }
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        let open = CheckedResolver::new(true, true);
        let closed = CheckedResolver::new(false, false);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(open.permits(ip("127.0.0.1"), true) && open.permits(ip("10.1.1.1"), false));
        assert!(!open.permits(ip("10.1.1.1"), true) && !open.permits(ip("1.1.1.1"), true));
        assert!(!closed.permits(ip("127.0.0.1"), false) && !closed.permits(ip("10.1.1.1"), false));
        assert!(closed.permits(ip("1.1.1.1"), false) && !open.permits(ip("169.254.169.254"), false));
    }
}
