//! A city in memory behind its real HTTP interface, on a free port of the loopback.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use certless::adapters::keyring::{Keyring, key_name};
use certless::adapters::store::memory::MemoryStore;
use certless::app::open::{assemble, assemble_with};
use certless::base::clock::{Clock, SystemClock};
use certless::base::id::AgencyCode;
use certless::base::json::Value;
use certless::base::random::SystemRandom;
use certless::crypto::derive::Seed;
use certless::crypto::{Algorithm, Signer};
use certless::domain::agency::Agencies;
use certless::domain::city::keys::OwnRole;
use certless::domain::city::rules::Rules;
use certless::domain::city::{City, Ports};
use certless::domain::error::Error;
use certless::domain::ports::{KeyMaker, KeyMakerError, LOG_LEASE, Store, Web};
use certless::domain::token::Role;
use certless::http::service::Service;
use certless::ui::Site;

/// A running city: every agency of the demo, nobody's licences.
pub(crate) struct TestCity {
    /// What the handlers work with.
    pub(crate) service: Arc<Service>,
    /// Where it listens, `http://127.0.0.1:port`.
    pub(crate) base: String,
    /// A bearer token of the agency GA.
    pub(crate) token: String,
}

/// An answer as it came.
pub(crate) struct Got {
    /// The status code.
    pub(crate) status: u16,
    /// The media type.
    pub(crate) media: String,
    /// The body as text.
    pub(crate) text: String,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
    /// The headers.
    pub(crate) headers: ureq::http::HeaderMap,
}

impl TestCity {
    /// Starts a city on a free port.
    pub(crate) fn start() -> Self {
        Self::on_clock(Arc::new(SystemClock))
    }

    /// Starts a city whose clock is the test's.
    pub(crate) fn on_clock(clock: Arc<dyn Clock>) -> Self {
        Self::with_rules(clock, Rules::default())
    }

    /// Starts a city on the test's clock whose staff has rules of its own.
    pub(crate) fn with_rules(clock: Arc<dyn Clock>, rules: Rules) -> Self {
        Self::launch(free_port(), Arc::new(MemoryStore::new(Arc::clone(&clock))), clock, None, rules)
    }

    /// Starts a city that fetches from others.
    pub(crate) fn with_web(web: Arc<dyn Web>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Self::launch(free_port(), Arc::new(MemoryStore::new(Arc::clone(&clock))), clock, Some(web), Rules::default())
    }

    /// Starts a city with keys of its own that fetches from others, on the test's clock.
    pub(crate) fn with_keys(seed: u8, clock: Arc<dyn Clock>, web: Arc<dyn Web>) -> Self {
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
        Self::launch_with(free_port(), store, clock, Some(web), Rules::default(), &|| keyring_of(seed))
    }

    fn launch(
        listener: TcpListener,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        web: Option<Arc<dyn Web>>,
        rules: Rules,
    ) -> Self {
        Self::launch_with(listener, store, clock, web, rules, &keyring)
    }

    fn launch_with(
        listener: TcpListener,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        web: Option<Arc<dyn Web>>,
        rules: Rules,
        ring: &dyn Fn() -> Keyring,
    ) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let ports = Ports {
            store,
            clock,
            random: Arc::new(SystemRandom),
            web,
            key_maker: Some(Arc::new(Maker(Arc::new(Mutex::new(ring()))))),
        };
        let city = assemble_with(&base, &ring(), ports, rules).unwrap();
        let agency = AgencyCode::parse("GA").unwrap();
        let token = city.new_token(Role::Agency { agency }, "test").unwrap();
        let service = Arc::new(Service {
            city,
            conformance: true,
            limits: certless::http::service::Limits::default(),
            metrics: None,
            pages: Arc::new(Site),
            hub: certless::http::hub::Hub::default(),
        });
        let router = certless::http::router(Arc::clone(&service)).merge(certless::ui::router());
        listener.set_nonblocking(true).unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
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
        let got = self.send(token, path, "application/json", body.to_string().as_bytes());
        (got.status, serde_json::from_str(&got.text).unwrap_or_default())
    }

    /// Posts any bytes.
    pub(crate) fn send(&self, token: Option<&str>, path: &str, media: &str, body: &[u8]) -> Got {
        let request = agent().post(format!("{}{path}", self.base)).header("content-type", media);
        let request = signed(request, token);
        read(request.send(body).unwrap())
    }

    /// Posts JSON as the agency under an idempotency key.
    pub(crate) fn post_keyed(&self, key: &str, path: &str, body: &Value) -> (u16, Value) {
        self.post_keyed_as(&self.token, key, path, body)
    }

    /// The same with some token.
    pub(crate) fn post_keyed_as(&self, token: &str, key: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = agent().post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {token}")).header("idempotency-key", key);
        let got = read(request.send(body.to_string()).unwrap());
        (got.status, got.json())
    }

    /// Posts JSON with these headers and nothing else.
    pub(crate) fn post_with(&self, headers: &[(&str, &str)], path: &str, body: &Value) -> Got {
        let request = agent().post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        read(request.send(body.to_string()).unwrap())
    }

    /// Deletes with some token, or none.
    /// Moves what is queued into the log, as the running program does by itself.
    pub(crate) fn integrate(&self) {
        let store = self.service.city.store();
        let epoch = store.lease(LOG_LEASE, "test", Duration::from_secs(5)).unwrap().unwrap();
        store.integrate(epoch, 100_000).unwrap();
    }

    pub(crate) fn delete(&self, token: Option<&str>, path: &str) -> Got {
        read(signed(agent().delete(format!("{}{path}", self.base)), token).call().unwrap())
    }

    /// Asks without a token and a body by any method.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Got {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        read(agent().run(request.body(()).unwrap()).unwrap())
    }

    /// Gets with some token, or none.
    pub(crate) fn get(&self, token: Option<&str>, path: &str, accept: &str) -> Got {
        let request = agent().get(format!("{}{path}", self.base)).header("accept", accept);
        let request = signed(request, token);
        read(request.call().unwrap())
    }
}

impl Got {
    /// A header; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON; `null` when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(30))).build().new_agent()
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Got {
    let header = answer.headers().get("content-type").and_then(|media| media.to_str().ok());
    let media = header.unwrap_or_default().to_owned();
    let bytes = answer.body_mut().read_to_vec().unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Got { status: answer.status().as_u16(), media, text, bytes, headers: answer.headers().clone() }
}

/// A machine's token as it is sent, or a person's: the session's token, a space, its CSRF token.
fn signed<Any>(request: ureq::RequestBuilder<Any>, token: Option<&str>) -> ureq::RequestBuilder<Any> {
    let Some(token) = token else { return request };
    match token.split_once(' ').filter(|_| token.starts_with("cs_")) {
        Some((session, csrf)) => {
            request.header("cookie", format!("__Host-certless={session}")).header("x-csrf-token", csrf)
        }
        None => request.header("authorization", format!("Bearer {token}")),
    }
}

/// The keys of every test city.
pub(crate) fn keyring() -> Keyring {
    keyring_of(7)
}

/// The keys of a city by their seed.
pub(crate) fn keyring_of(seed: u8) -> Keyring {
    let agencies: Vec<AgencyCode> = Agencies::shipped().unwrap().iter().map(|agency| agency.code.clone()).collect();
    Keyring::derived(&Seed::new([seed; 32]), &agencies)
}

/// Makes keys that are kept nowhere but in a ring.
pub(crate) struct Maker(pub(crate) Arc<Mutex<Keyring>>);

impl KeyMaker for Maker {
    fn next_key(&self, agency: &AgencyCode) -> Result<(String, Arc<dyn Signer>), KeyMakerError> {
        let mut ring = self.0.lock().unwrap();
        let generation = ring.rotate(agency, &SystemRandom).unwrap();
        let key = ring.agency(agency, generation).unwrap().eddsa;
        Ok((key_name(Algorithm::EdDsa, generation), Arc::new(key)))
    }

    fn next_own_key(&self, role: OwnRole) -> Result<(String, Arc<dyn Signer>), KeyMakerError> {
        let mut ring = self.0.lock().unwrap();
        let generation = ring.rotate_own(role, &SystemRandom).unwrap();
        let (_, key) = ring.own(role).pop().unwrap();
        Ok((role.key_id(generation), Arc::new(key)))
    }

    fn destroy_key(&self, _: &AgencyCode, _: &str) -> Result<(), KeyMakerError> {
        Ok(())
    }
}

/// A city whose keys follow from a seed, on a store and a clock of the test's.
pub(crate) fn city_on(base: &str, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> City {
    try_city_on(base, store, clock).unwrap()
}

/// The same where opening may fail.
pub(crate) fn try_city_on(base: &str, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<City, Error> {
    assemble(base, &keyring(), Ports { store, clock, random: Arc::new(SystemRandom), web: None, key_maker: None })
}
