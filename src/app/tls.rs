//! HTTPS: where the certificate comes from, how it is exchanged while the server runs, and who is let in without it.
//!
//! One port speaks both. What begins as a TLS handshake gets the city; what begins otherwise gets a page that explains, and
//! the way to the certificate authority ([`crate::ui::ca`]). Without TLS only this machine gets the city, unless the
//! configuration says that another machine in front speaks TLS.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};

use super::config::Config;
use crate::adapters::tls::{Authority, fingerprint};
use crate::base::time::{Timestamp, china_date};
use crate::crypto::digest::sha256_of;
use crate::domain::error::{Error, ErrorKind};
use crate::http::service::Service;
use crate::ui::ca::Ca;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(15);
/// Longest wait for the first byte of a connection.
const FIRST_BYTE: Duration = Duration::from_secs(10);
/// The first byte of a TLS record with a handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// Where the certificate comes from.
#[derive(Clone, Debug)]
enum Source {
    /// The city's own authority.
    Local(Authority),
    /// A certificate chain and its key.
    Files { certificate: PathBuf, key: PathBuf },
}

/// The certificate in use.
#[derive(Clone, Debug)]
pub struct Tls {
    source: Source,
    in_use: RustlsConfig,
    digest: [u8; 32],
}

impl Tls {
    /// The certificate that the configuration means; `None` for a city without TLS.
    pub fn open(config: &Config, now: Timestamp) -> Result<Option<Self>, Error> {
        let source = match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => Source::Files { certificate: certificate.clone(), key: key.clone() },
            _ if config.tls.enabled => Source::Local(Authority::of(&config.keys_folder())),
            _ => return Ok(None),
        };
        if let Source::Local(authority) = &source {
            require_authority(authority, config)?;
            authority.renew(china_date(now))?;
        }
        let (content, digest) = source.read()?;
        Ok(Some(Self { source, in_use: RustlsConfig::from_config(content), digest }))
    }

    /// The authority to hand out; `None` for a certificate that others vouch for.
    pub fn authority(&self, origin: &str) -> Result<Option<Arc<Ca>>, Error> {
        let Source::Local(authority) = &self.source else { return Ok(None) };
        let pem = authority.certificate()?;
        let (fingerprint, _) = fingerprint(&pem).ok_or_else(|| Error::corrupt("ca.crt holds no certificate"))?;
        Ok(Some(Arc::new(Ca { pem, fingerprint, origin: origin.to_owned() })))
    }

    /// Takes a certificate into use when its files changed or the process is told so (SIGHUP), and renews the authority's
    /// own; for as long as the server runs. What cannot be read leaves the certificate in use, and is told once.
    pub async fn keep_fresh(mut self, service: Arc<Service>) {
        let mut look = tokio::time::interval(LOOK);
        let mut told = String::new();
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        loop {
            tokio::select! {
                _ = look.tick() => {}
                _ = hangup.recv() => told.clear(),
            }
            match self.refresh(service.city.now()) {
                Ok(true) => tracing::info!("a new certificate is in use"),
                Ok(false) => {}
                Err(error) if error.detail == told => {}
                Err(error) => {
                    tracing::warn!(detail = %error.detail, "the certificate was not renewed; the one in use stays");
                    told = error.detail;
                }
            }
        }
    }

    /// Whether another certificate was taken into use.
    fn refresh(&mut self, now: Timestamp) -> Result<bool, Error> {
        if let Source::Local(authority) = &self.source {
            authority.renew(china_date(now))?;
        }
        if self.source.digest()? == self.digest {
            return Ok(false);
        }
        let (config, digest) = self.source.read()?;
        self.in_use.reload_from_config(config);
        self.digest = digest;
        Ok(true)
    }
}

impl Source {
    fn files(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let read = |path: &Path| fs::read(path).map_err(|error| unusable(path, &error.to_string()));
        match self {
            Self::Local(authority) => {
                let both = read(&authority.server_file())?;
                Ok((both.clone(), both))
            }
            Self::Files { certificate, key } => Ok((read(certificate)?, read(key)?)),
        }
    }

    fn digest(&self) -> Result<[u8; 32], Error> {
        let (certificate, key) = self.files()?;
        Ok(sha256_of(&[&certificate, &key]))
    }

    fn name(&self) -> PathBuf {
        match self {
            Self::Local(authority) => authority.server_file(),
            Self::Files { certificate, .. } => certificate.clone(),
        }
    }

    fn read(&self) -> Result<(Arc<ServerConfig>, [u8; 32]), Error> {
        let (certificate, key) = self.files()?;
        let digest = sha256_of(&[&certificate, &key]);
        let config = server_config(&certificate, &key).map_err(|why| unusable(&self.name(), &why))?;
        Ok((Arc::new(config), digest))
    }
}

/// TLS 1.2 and 1.3 by ring, HTTP/2 and HTTP/1.1.
fn server_config(certificate: &[u8], key: &[u8]) -> Result<ServerConfig, String> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = &[&rustls::version::TLS13, &rustls::version::TLS12];
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
    let config = config.map_err(|error| error.to_string())?.with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn require_authority(authority: &Authority, config: &Config) -> Result<(), Error> {
    if authority.exists() {
        return Ok(());
    }
    let data = config.data.display();
    Err(Error::new(ErrorKind::Refused, "there is no local certificate authority").says(
        format!("尚无证书。请先执行 certless tls init --data {data}，或用 --tls-cert 与 --tls-key 指定证书。"),
        format!(
            "There is no certificate. Run certless tls init --data {data}, or name one with --tls-cert and --tls-key."
        ),
    ))
}

fn unusable(path: &Path, why: &str) -> Error {
    let name = path.display();
    Error::new(ErrorKind::Refused, format!("{name}: {why}"))
        .says(format!("证书文件 {name} 无法使用：{why}。"), format!("The certificate in {name} cannot be used: {why}."))
}

/// Whether only this machine, or a machine in front that speaks TLS, can reach an address.
pub fn is_enclosed(config: &Config) -> bool {
    config.listen.ip().is_loopback() || config.tls.proxied
}

/// Looks at the beginning of every connection and gives it the service that it may have.
#[derive(Clone)]
pub struct Gate {
    tls: Option<RustlsAcceptor>,
    plain: Router,
}

impl Gate {
    /// With TLS: the city for TLS. Without: the city for this machine. `plain` for all else.
    pub fn new(tls: Option<&Tls>, plain: Router) -> Self {
        Self { tls: tls.map(|tls| RustlsAcceptor::new(tls.in_use.clone())), plain }
    }

    async fn open(self, stream: TcpStream, city: Router) -> io::Result<(Line, Router)> {
        let peer = stream.peer_addr()?;
        let city = city.layer(Extension(ConnectInfo(peer)));
        let Some(tls) = self.tls else {
            let near = peer.ip().to_canonical().is_loopback();
            return Ok((Line::Plain(stream), if near { city } else { self.plain }));
        };
        let mut first = [0];
        if tokio::time::timeout(FIRST_BYTE, stream.peek(&mut first)).await?? == 0 || first != [HANDSHAKE] {
            return Ok((Line::Plain(stream), self.plain));
        }
        let (stream, city) = tls.accept(stream, city).await?;
        Ok((Line::Tls(Box::new(stream)), city))
    }
}

impl Accept<TcpStream, Router> for Gate {
    type Stream = Line;
    type Service = Router;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Line, Router)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: Router) -> Self::Future {
        let _ = stream.set_nodelay(true);
        Box::pin(self.clone().open(stream, service))
    }
}

/// A connection, with TLS or without.
pub enum Line {
    /// Without.
    Plain(TcpStream),
    /// With.
    Tls(Box<<RustlsAcceptor as Accept<TcpStream, Router>>::Stream>),
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
