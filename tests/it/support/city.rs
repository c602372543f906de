//! A city in memory behind its real HTTP interface, on a free port of the loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use certless::adapters::keyring::{Keyring, key_name};
use certless::adapters::store::memory::MemoryStore;
use certless::base::clock::{Clock as _, SystemClock};
use certless::base::id::AgencyCode;
use certless::base::json::Value;
use certless::base::random::SystemRandom;
use certless::crypto::derive::Seed;
use certless::crypto::seal::Sealer;
use certless::crypto::{Algorithm, Signer as _};
use certless::domain::agency::Agencies;
use certless::domain::application::progress::Progress;
use certless::domain::catalogue::{Catalogue, context};
use certless::domain::city::keys::{AgencySigner, CityKeys};
use certless::domain::city::names::Names;
use certless::domain::city::{City, Ports};
use certless::domain::error::Error;
use certless::domain::token::Role;
use certless::domain::trust::Registry;
use certless::http::service::{Pages, Service};
use certless::vc::contexts::Contexts;
use certless::vc::status::permutation::Permutation;

/// A running city: every agency of the demo, nobody's licences.
pub(crate) struct TestCity {
    /// What the handlers work with.
    pub(crate) service: Arc<Service>,
    /// Where it listens, `http://127.0.0.1:port`.
    pub(crate) base: String,
    /// A bearer token of the agency GA.
    pub(crate) token: String,
}

struct NoPages;

impl Pages for NoPages {
    fn progress(&self, _: &axum::http::HeaderMap, _: Result<Progress, Error>) -> axum::response::Response {
        axum::response::IntoResponse::into_response(axum::http::StatusCode::NOT_ACCEPTABLE)
    }
}

impl TestCity {
    /// Starts a city on a free port.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self::serve(listener)
    }

    /// Starts a city that listens there.
    pub(crate) fn serve(listener: std::net::TcpListener) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let city = city(&base);
        let agency = AgencyCode::parse("GA").unwrap();
        let token = city.new_token(Role::Agency { agency }, "test").unwrap();
        let service = Arc::new(Service { city, conformance: true, metrics: None, pages: Arc::new(NoPages) });
        let router = certless::http::router(Arc::clone(&service));
        listener.set_nonblocking(true).unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { service, base, token }
    }

    /// Posts JSON as the agency: the status code and the JSON of the answer.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.post_as(Some(&self.token), path, body)
    }

    /// Posts JSON with some token, or none.
    pub(crate) fn post_as(&self, token: Option<&str>, path: &str, body: &Value) -> (u16, Value) {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .new_agent();
        let mut request = agent.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }
}

fn city(base: &str) -> City {
    let clock = Arc::new(SystemClock);
    let now = clock.now();
    let agencies: Vec<AgencyCode> = Agencies::shipped().unwrap().iter().map(|agency| agency.code.clone()).collect();
    let ring = Keyring::derived(&Seed::new([7; 32]), &agencies);
    let names = Names::new(base).unwrap();
    let own = context::generate(Catalogue::embedded().unwrap()).to_string();
    let contexts = Contexts::bundled().with(names.context(), &own).unwrap();
    let (mut signers, mut published) = (BTreeMap::new(), Vec::new());
    for keys in ring.agency_signers() {
        let key_id = key_name(Algorithm::EdDsa, keys.generation);
        published.push((keys.agency.clone(), key_id.clone(), keys.eddsa.public_key().clone()));
        signers.insert(keys.agency, Arc::new(AgencySigner { key_id, signer: Arc::new(keys.eddsa) }));
    }
    let permutation = |code: &AgencyCode| Permutation::new(*ring.status_permutation(code).expose());
    let (city_keys, storage) = (ring.city(), ring.storage());
    let keys = CityKeys {
        root: Arc::new(city_keys.root),
        sealer: Sealer::new(storage.sealing.expose()),
        holder_tag: storage.holder_tag,
        tokens: storage.tokens,
        permutations: agencies.iter().map(|code| (code.clone(), permutation(code))).collect(),
        agencies: RwLock::new(signers),
    };
    let registry = Registry::first(&names, &published, now).unwrap();
    let store = Arc::new(MemoryStore::new(clock.clone()));
    registry.keep_first(store.as_ref(), keys.root.as_ref(), &contexts, &SystemRandom).unwrap();
    let ports = Ports { store, clock, random: Arc::new(SystemRandom), web: None };
    City::new(ports, names, keys, contexts, registry)
}
