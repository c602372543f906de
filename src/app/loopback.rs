//! Servers on this machine, for measuring: the city's, and one that does the least that verifying over HTTP takes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::config::Config;
use super::server::{bounded, failed, router};
use crate::base::json::{Limits as JsonLimits, parse};
use crate::crypto::digest::sha256;
use crate::crypto::{PublicKey, Signer as _, SigningKey};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::http::extract::Body;
use crate::http::service::{Limits, Service, Shared};
use crate::{http, ui};

/// A server on a free loopback port with threads of its own name.
pub struct Loopback {
    _runtime: Runtime,
    address: SocketAddr,
}

impl Loopback {
    /// What the names of its threads begin with.
    pub const THREADS: &str = "loopback";

    /// Serves a city, and at `/bare` a handler that reads JSON, hashes it and verifies one signature with the library.
    pub fn start(city: City) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread().thread_name(Self::THREADS).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let service = Arc::new(Service {
            city,
            conformance: false,
            limits: Limits::default(),
            metrics: None,
            pages: Arc::new(ui::Site),
            hub: http::hub::Hub::default(),
        });
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let router = router(&Config::default(), &service).merge(bare(service));
        runtime.spawn(async move {
            bounded(listener)?.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
        });
        Ok(Self { _runtime: runtime, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn bare(service: Shared) -> Router {
    let key = SigningKey::ed25519(&[1; 32]);
    let signature = key.sign(&[7; 64]);
    let public = key.public_key().clone();
    let handler = move |Body(body): Body| {
        let read = parse(&body, &JsonLimits::DEFAULT).is_ok() && sha256(&body) != [0; 32];
        let holds = matches!(&public, PublicKey::Ed25519(key) if key.verify_by_library(&[7; 64], &signature).is_ok());
        std::future::ready(format!("{{\"accepted\":{}}}", read && holds))
    };
    Router::new().route("/bare", post(handler)).with_state(service)
}
