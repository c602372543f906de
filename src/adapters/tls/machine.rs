//! What this machine is called on its networks, as Linux tells it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The addresses of this machine, loopback first; link-local ones are of no use in a URL.
pub fn addresses() -> Vec<IpAddr> {
    let mut found = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let v4 = local_v4(&fs::read_to_string("/proc/net/fib_trie").unwrap_or_default());
    let v6 = local_v6(&fs::read_to_string("/proc/net/if_inet6").unwrap_or_default());
    let all = outward_address().into_iter().chain(v4.into_iter().map(IpAddr::V4)).chain(v6.into_iter().map(IpAddr::V6));
    for address in all {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// The address that this machine has towards others: no packet is sent to find out. `None` without a network.
pub fn outward_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // TEST-NET-1 (RFC 5737): nobody is there.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The name of this machine, alone and as multicast DNS spells it (RFC 6762).
pub fn host_names() -> Vec<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_ascii_lowercase();
    if !super::is_name(&name) || name == "localhost" {
        return Vec::new();
    }
    let multicast = (!name.contains('.')).then(|| format!("{name}.local"));
    [name].into_iter().chain(multicast).collect()
}

/// The addresses under `/32 host LOCAL` of the routing trie.
fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let (mut found, mut last) = (Vec::new(), None);
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last.filter(|address: &Ipv4Addr| !address.is_loopback() && !address.is_link_local())
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// The addresses of global scope (00) in the list of interfaces.
fn local_v6(interfaces: &str) -> Vec<Ipv6Addr> {
    let global = |line: &str| {
        let mut parts = line.split_whitespace();
        let (digits, scope) = (parts.next()?, parts.nth(2)?);
        let bits = u128::from_str_radix(digits, 16).ok()?;
        (scope == "00").then(|| Ipv6Addr::from_bits(bits))
    };
    interfaces.lines().filter_map(global).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_lists_are_read() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 127.0.0.0/8 2 0 2\n        |-- 127.0.0.1\n           /32 host LOCAL\n     |-- 192.168.7.5\n        /32 host LOCAL\n     |-- 192.168.7.255\n        /32 link BROADCAST\n     |-- 192.168.7.5\n        /32 host LOCAL\n";
        assert_eq!(local_v4(trie), [Ipv4Addr::new(192, 168, 7, 5)]);
        let interfaces = "00000000000000000000000000000001 01 80 10 80       lo\n\
                          fe800000000000000042acfffe110002 02 40 20 80     eth0\n\
                          fd000000000000000000000000000007 02 40 00 80     eth0\n";
        assert_eq!(local_v6(interfaces), ["fd00::7".parse::<Ipv6Addr>().unwrap()]);
        assert!(addresses().starts_with(&[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]));
    }
}
