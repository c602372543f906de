//! A city in memory behind its real HTTP interface, on a free port of the loopback.

use std::sync::Arc;
use std::time::Duration;

use certless::adapters::keyring::Keyring;
use certless::adapters::store::memory::MemoryStore;
use certless::app::open::assemble;
use certless::base::clock::{Clock, SystemClock};
use certless::base::id::AgencyCode;
use certless::base::json::Value;
use certless::base::random::SystemRandom;
use certless::crypto::derive::Seed;
use certless::domain::agency::Agencies;
use certless::domain::city::{City, Ports};
use certless::domain::ports::Store;
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
        let service = Arc::new(Service { city, conformance: true, metrics: None, pages: Arc::new(Site) });
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

/// A city whose keys follow from a seed, on a store and a clock of the test's.
pub(crate) fn city_on(base: &str, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> City {
    let agencies: Vec<AgencyCode> = Agencies::shipped().unwrap().iter().map(|agency| agency.code.clone()).collect();
    let ring = Keyring::derived(&Seed::new([7; 32]), &agencies);
    assemble(base, &ring, Ports { store, clock, random: Arc::new(SystemRandom), web: None, key_maker: None }).unwrap()
}

fn city(base: &str) -> City {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    city_on(base, Arc::new(MemoryStore::new(Arc::clone(&clock))), clock)
}
