//! An authority, what it signs and what it may not sign. Whether clients believe it is tried in `tests/it/tls.rs`.

use super::*;
use crate::base::random::SystemRandom;
use std::os::unix::fs::PermissionsExt as _;

fn today() -> Date {
    jiff::civil::date(2026, 3, 1)
}

fn names(dns: &[&str], ip: &[&str]) -> Names {
    let mut names = Names::default();
    let dns: Vec<_> = dns.iter().map(|name| (*name).to_owned()).collect();
    names.add(&dns, &ip.iter().map(|address| address.parse().unwrap()).collect::<Vec<_>>()).unwrap();
    names
}

#[test]
fn an_authority_is_made_once_and_its_certificates_anew() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::of(folder.path());
    assert!(!authority.exists());
    let first = names(&["localhost", "hall.example"], &["127.0.0.1", "203.0.113.7"]);
    authority.init(&first, false, today(), &SystemRandom).unwrap();
    let mode = |name: &str| fs::metadata(folder.path().join("tls").join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ca.key"), mode("server.pem"), mode("ca.crt")), (0o400, 0o400, 0o444));
    assert_eq!(fs::metadata(folder.path().join("tls")).unwrap().permissions().mode() & 0o777, 0o700);
    let (certificate, server) = (authority.certificate().unwrap(), fs::read(authority.server_file()).unwrap());
    let (print, der) = fingerprint(&certificate).unwrap();
    assert_eq!((print.len(), print.matches(':').count()), (95, 31));
    assert!(der.starts_with(&[0x30, 0x82]));
    assert_eq!(authority.until().unwrap(), "2026-05-30");
    // Made anew when its end is near, under the same authority.
    assert!(!authority.renew(jiff::civil::date(2026, 4, 29)).unwrap());
    assert_eq!(fs::read(authority.server_file()).unwrap(), server);
    assert!(authority.renew(jiff::civil::date(2026, 4, 30)).unwrap());
    assert_ne!(fs::read(authority.server_file()).unwrap(), server);
    assert_eq!(authority.until().unwrap(), "2026-07-29");
    assert_eq!(authority.certificate().unwrap(), certificate);
    assert_eq!(authority.names().unwrap(), first);
}

#[test]
fn an_authority_speaks_for_the_house_and_what_it_was_made_for() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::of(folder.path());
    authority.init(&names(&["hall.example"], &["203.0.113.7"]), false, today(), &SystemRandom).unwrap();
    let before = authority.certificate().unwrap();
    for good in [names(&["hall.example"], &["10.1.2.3"]), names(&["a.hall.example"], &["192.168.0.9", "fd00::1"])] {
        authority.init(&good, false, today(), &SystemRandom).unwrap();
        assert_eq!((authority.certificate().unwrap(), authority.names().unwrap()), (before.clone(), good));
    }
    for other in [names(&["bank.example"], &[]), names(&["nothall.example"], &[]), names(&[], &["8.8.8.8"])] {
        let error = authority.init(&other, false, today(), &SystemRandom).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.unwrap().en.contains("--new-ca"));
    }
    authority.init(&names(&["bank.example"], &[]), true, today(), &SystemRandom).unwrap();
    assert_ne!(authority.certificate().unwrap(), before);
}

#[test]
fn what_is_no_name_is_refused() {
    let mut found = Names::default();
    for wrong in ["", "a b", "-a", "a-", "a..b", "10.0.0.1", "名字.example", "*.example", "a/b"] {
        assert!(found.add(&[wrong.to_owned()], &[]).is_err(), "{wrong:?}");
    }
    found.add(&["Hall.Example".to_owned(), "hall.example".to_owned()], &[]).unwrap();
    assert_eq!(found.dns, ["hall.example"]);
    let own = Names::of_this_machine();
    assert!(own.dns.contains(&"localhost".to_owned()) && own.ip.len() >= 2);
}

#[test]
fn a_damaged_record_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::of(folder.path());
    assert_eq!(authority.renew(today()).unwrap_err().kind, ErrorKind::Unavailable);
    authority.init(&names(&["localhost"], &[]), false, today(), &SystemRandom).unwrap();
    fs::write(folder.path().join("tls/tls.json"), "{}").unwrap();
    assert_eq!(authority.renew(today()).unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(fingerprint("no certificate"), None);
}
