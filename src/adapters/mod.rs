//! The only layer that touches files, network and databases; each adapter fulfils a port or a plain need of `app`.
//!
//! It decides nothing about the city. Read [`keyring`] (seed files), [`fetch`] (what others publish) and [`client`] (a
//! server that a command names), [`tls`] (a certificate authority of the city's own), then [`store`] (what the city keeps), and [`wallet_file`] (what a holder keeps).

pub mod client;
pub mod fetch;
pub mod keyring;
pub mod store;
pub mod tls;
pub mod wallet_file;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// TLS for clients: the certificate authorities of these PEM texts, or the public ones when there is none.
fn trusting(authorities: &[String]) -> TlsConfig {
    let items = authorities.iter().flat_map(|text| parse_pem(text.as_bytes()).filter_map(Result::ok));
    let roots: Vec<_> =
        items.filter_map(|item| if let PemItem::Certificate(root) = item { Some(root) } else { None }).collect();
    let trusted = if authorities.is_empty() { RootCerts::WebPki } else { roots.into() };
    TlsConfig::builder().root_certs(trusted).build()
}
