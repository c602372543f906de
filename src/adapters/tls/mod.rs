//! A certificate authority of the city's own, for machines and phones inside the house: browsers give a camera to secure
//! pages only.
//!
//! ```text
//! tls/ca.crt      the authority's certificate, to be trusted by phones and machines
//! tls/ca.key      its key, 0400
//! tls/server.pem  the server's key and certificate, 0400; made anew before its end
//! tls/tls.json    names, addresses and dates: what a renewal needs
//! ```
//!
//! The authority is bound by name constraints (RFC 5280 §4.2.1.10) to the names it was made for and to private networks:
//! whoever steals its key cannot pose as a bank to the phones that trust it. Keys are P-256, made by ring.

mod machine;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::ToSpan as _;
use jiff::civil::Date;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};
use serde::{Deserialize, Serialize};

pub use machine::{addresses, host_names, outward_address};

use crate::base::bytes::{from_base64, hex};
use crate::base::random::{Random, bytes};
use crate::crypto::digest::sha256;
use crate::domain::error::{Error, ErrorKind};

/// Years of the authority, days of a server's certificate, and days before its end when it is made anew. Phones refuse
/// long certificates of servers, even of authorities that their owners trust.
const CA_YEARS: i16 = 10;
const DAYS: i32 = 90;
const EARLY: i32 = 30;

/// Networks that belong to nobody in public (RFC 1918, 3927, 4193, 6598): an authority of the house may speak for them.
const PRIVATE: [(&str, u8); 8] = [
    ("127.0.0.0", 8),
    ("10.0.0.0", 8),
    ("172.16.0.0", 12),
    ("192.168.0.0", 16),
    ("169.254.0.0", 16),
    ("100.64.0.0", 10),
    ("::1", 128),
    ("fc00::", 7),
];

/// What the server is called: names and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// DNS names.
    pub dns: Vec<String>,
    /// Addresses.
    pub ip: Vec<IpAddr>,
}

/// What a renewal needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    /// The authority's name: the issuer of every certificate, byte by byte.
    authority: String,
    /// What the authority was made for.
    permitted: Names,
    names: Names,
    until: String,
}

/// The authority and the server's certificate in a folder.
#[derive(Clone, Debug)]
pub struct Authority {
    folder: PathBuf,
}

impl Names {
    /// What this machine is called when nobody says otherwise: `localhost`, its own name, its addresses.
    pub fn of_this_machine() -> Self {
        let mut names = Self { dns: vec!["localhost".to_owned()], ip: addresses() };
        names.dns.extend(host_names());
        names
    }

    /// Adds names and addresses that are not there yet; refuses what is no DNS name.
    pub fn add(&mut self, dns: &[String], ip: &[IpAddr]) -> Result<(), Error> {
        for name in dns {
            let name = name.to_ascii_lowercase();
            if !is_name(&name) {
                return Err(Error::malformed(format!("{name} is no DNS name"))
                    .says(format!("{name} 不是域名。"), format!("{name} is not a DNS name.")));
            }
            if !self.dns.contains(&name) {
                self.dns.push(name);
            }
        }
        for address in ip {
            if !self.ip.contains(address) {
                self.ip.push(*address);
            }
        }
        Ok(())
    }
}

/// Letters, digits and inner hyphens between dots.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 253 && text.parse::<IpAddr>().is_err() && text.split('.').all(label)
}

impl Authority {
    /// The authority of a folder of key files, whether it is there or not.
    pub fn of(keys: &Path) -> Self {
        Self { folder: keys.join("tls") }
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.file("tls.json").exists()
    }

    /// The server's key and certificate.
    pub fn server_file(&self) -> PathBuf {
        self.file("server.pem")
    }

    /// The authority's certificate, PEM.
    pub fn certificate(&self) -> Result<String, Error> {
        read(&self.file("ca.crt"))
    }

    /// The names of the server.
    pub fn names(&self) -> Result<Names, Error> {
        Ok(self.record()?.names)
    }

    /// The last day of the server's certificate.
    pub fn until(&self) -> Result<String, Error> {
        Ok(self.record()?.until)
    }

    /// Makes the authority and the server's certificate. Where there is an authority it stays, so that nobody has to trust
    /// anew, unless `afresh`; `conflict` when it may not speak for the names.
    pub fn init(&self, names: &Names, afresh: bool, today: Date, random: &dyn Random) -> Result<(), Error> {
        if !self.exists() || afresh {
            return self.create(names, today, random);
        }
        let mut record = self.record()?;
        if let Some(other) = stranger(names, &record.permitted) {
            return Err(Error::new(ErrorKind::Conflict, format!("the authority may not speak for {other}")).says(
                format!("现有的本地 CA 不能用于 {other}。请加 --new-ca 重建，之后各手机须重新安装 CA 证书。"),
                format!(
                    "The local CA may not speak for {other}. Make another with --new-ca; phones then install it again."
                ),
            ));
        }
        record.names = names.clone();
        self.issue(&mut record, today)
    }

    /// Makes the server's certificate anew when its end is near; whether it did.
    pub fn renew(&self, today: Date) -> Result<bool, Error> {
        let mut record = self.record()?;
        let until: Date = record.until.parse().map_err(|_| damaged(&self.file("tls.json")))?;
        let near = until.checked_sub(EARLY.days()).map_err(|_| damaged(&self.file("tls.json")))?;
        if today < near {
            return Ok(false);
        }
        self.issue(&mut record, today)?;
        Ok(true)
    }

    fn create(&self, names: &Names, today: Date, random: &dyn Random) -> Result<(), Error> {
        let mark = hex(&bytes::<3>(random));
        let authority = format!("certless local CA {mark}");
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let mut params = authority_params(&authority);
        live(&mut params, today, today.saturating_add(CA_YEARS.years()));
        params.name_constraints = Some(constraints(names));
        let certificate = params.self_signed(&key).map_err(|error| failed(&error))?;
        self.write("ca.key", key.serialize_pem().as_bytes(), 0o400)?;
        self.write("ca.crt", certificate.pem().as_bytes(), 0o444)?;
        let mut record = Record { authority, permitted: names.clone(), names: names.clone(), until: today.to_string() };
        self.issue(&mut record, today)
    }

    fn issue(&self, record: &mut Record, today: Date) -> Result<(), Error> {
        let authority = KeyPair::from_pem(&read(&self.file("ca.key"))?).map_err(|error| failed(&error))?;
        let issuer = Issuer::new(authority_params(&record.authority), authority);
        let until = today.saturating_add(DAYS.days());
        let mut params = CertificateParams::default();
        live(&mut params, today, until);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "certless");
        for name in &record.names.dns {
            let name = name.as_str().try_into().map_err(|error| failed(&error))?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        params.subject_alt_names.extend(record.names.ip.iter().copied().map(SanType::IpAddress));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = params.signed_by(&key, &issuer).map_err(|error| failed(&error))?;
        let both = format!("{}{}", key.serialize_pem(), certificate.pem());
        self.write("server.pem", both.as_bytes(), 0o400)?;
        record.until = until.to_string();
        let text = serde_json::to_string_pretty(record).map_err(|error| Error::corrupt(error.to_string()))?;
        self.write("tls.json", text.as_bytes(), 0o644)
    }

    fn record(&self) -> Result<Record, Error> {
        let file = self.file("tls.json");
        serde_json::from_str(&read(&file)?).map_err(|_| damaged(&file))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts a whole file in place, durable when it returns.
    fn write(&self, name: &str, content: &[u8], mode: u32) -> Result<(), Error> {
        let (file, fresh) = (self.file(name), self.file(&format!("{name}.new")));
        let written = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            match fs::remove_file(&fresh) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut out = OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh)?;
            out.write_all(content)?;
            out.sync_all()?;
            fs::rename(&fresh, &file)?;
            File::open(&self.folder)?.sync_all()
        };
        written().map_err(|error| unreadable(&file, &error))
    }
}

/// The SHA-256 fingerprint of a certificate as phones show it, `AB:CD:…`, and its DER; `None` when the text has none.
pub fn fingerprint(pem: &str) -> Option<(String, Vec<u8>)> {
    let body = pem.split("-----BEGIN CERTIFICATE-----").nth(1)?.split("-----END").next()?;
    let der = from_base64(&body.split_whitespace().collect::<String>()).ok()?;
    Some((sha256(&der).map(|byte| format!("{byte:02X}")).join(":"), der))
}

/// Everything that follows from the authority's name: what an issuer is known by.
fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn constraints(names: &Names) -> NameConstraints {
    let private = PRIVATE.iter().filter_map(|(network, prefix)| Some((network.parse::<IpAddr>().ok()?, *prefix)));
    let named = names.ip.iter().map(|address| (*address, if address.is_ipv4() { 32 } else { 128 }));
    let networks = private.chain(named.filter(|(address, _)| !is_private(*address)));
    let subnets =
        networks.map(|(address, prefix)| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix)));
    let dns = names.dns.iter().map(|name| GeneralSubtree::DnsName(name.clone()));
    NameConstraints { permitted_subtrees: dns.chain(subnets).collect(), excluded_subtrees: Vec::new() }
}

fn is_private(address: IpAddr) -> bool {
    PRIVATE.iter().any(|(network, prefix)| within(address, network.parse().ok(), *prefix))
}

fn within(address: IpAddr, network: Option<IpAddr>, prefix: u8) -> bool {
    let same = |ours: u128, theirs: u128, width: u32| {
        let shift = width - u32::from(prefix).min(width);
        shift >= width || ours >> shift == theirs >> shift
    };
    match (address, network) {
        (IpAddr::V4(ours), Some(IpAddr::V4(theirs))) => same(ours.to_bits().into(), theirs.to_bits().into(), 32),
        (IpAddr::V6(ours), Some(IpAddr::V6(theirs))) => same(ours.to_bits(), theirs.to_bits(), 128),
        _ => false,
    }
}

/// A name or address that the authority may not speak for.
fn stranger(names: &Names, permitted: &Names) -> Option<String> {
    let below = |name: &str, of: &str| name == of || name.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
    let dns = names.dns.iter().find(|name| !permitted.dns.iter().any(|of| below(name, of))).cloned();
    let ip = names.ip.iter().find(|address| !is_private(**address) && !permitted.ip.contains(address));
    dns.or_else(|| ip.map(ToString::to_string))
}

/// Valid from the day before, for clocks that are slow, to a last day.
fn live(params: &mut CertificateParams, today: Date, until: Date) {
    let parts = |date: Date| {
        (i32::from(date.year()), u8::try_from(date.month()).unwrap_or(1), u8::try_from(date.day()).unwrap_or(1))
    };
    let (year, month, day) = parts(today.saturating_sub(1.day()));
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = parts(until);
    params.not_after = date_time_ymd(year, month, day);
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &io::Error) -> Error {
    let name = file.display();
    Error::new(ErrorKind::Unavailable, format!("{name}: {error}"))
        .says(format!("无法读写文件 {name}：{error}。"), format!("Cannot read or write {name}: {error}."))
}

fn damaged(file: &Path) -> Error {
    let name = file.display();
    Error::new(ErrorKind::Refused, format!("{name} is damaged")).says(
        format!("{name} 已损坏，请执行 certless tls init --new-ca。"),
        format!("{name} is damaged: run certless tls init --new-ca."),
    )
}

fn failed(error: &rcgen::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("certificate: {error}"))
}

#[cfg(test)]
mod tests;
