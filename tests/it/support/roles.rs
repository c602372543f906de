//! Those who use a city: an agency, a window, residents with their wallets, a stranger. Each acts through the public
//! interface alone; a wallet is what the phone does and never sees the city.

use std::sync::OnceLock;

use certless::app::demo;
use certless::base::bytes::base64url;
use certless::base::clock::{Clock as _, SystemClock};
use certless::base::id::AgencyCode;
use certless::base::json::{Map, Value, json};
use certless::base::time::{Timestamp, china_date, from_unix};
use certless::crypto::derive::Seed;
use certless::crypto::digest::sha256;
use certless::crypto::{PublicKey, Signer as _};
use certless::domain::demo::{DemoCity, StockRow};
use certless::domain::token::Role;
use certless::domain::wallet::keys::HolderKey;
use certless::domain::wallet::{Asked, Wallet};
use certless::vc::contexts::Contexts;
use certless::vc::finding::Check;

use super::city::{Got, TestCity};

/// Everyone in the demo city and what the agencies keep about them, as of today.
pub(crate) fn demo_city() -> &'static DemoCity {
    static CITY: OnceLock<DemoCity> = OnceLock::new();
    CITY.get_or_init(|| certless::domain::demo::city(demo::SEED, china_date(now())).unwrap())
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// Every row of the stock of a type.
pub(crate) fn stock(type_code: &str) -> impl Iterator<Item = &'static StockRow> {
    demo_city().stock.iter().filter(move |row| row.type_code.as_str() == type_code)
}

/// The row of a type that is held by the holder of a code, alone or with others.
pub(crate) fn row_of(type_code: &str, holder: &str) -> &'static StockRow {
    stock(type_code).find(|row| row.holders.iter().any(|one| one.code == holder)).unwrap()
}

/// An agency that issues.
pub(crate) struct Agency<'a> {
    city: &'a TestCity,
    token: String,
}

impl<'a> Agency<'a> {
    /// The agency of a code, with a token of its own.
    pub(crate) fn new(city: &'a TestCity, code: &str) -> Self {
        let agency = AgencyCode::parse(code).unwrap();
        Self { city, token: city.service.city.new_token(Role::Agency { agency }, "test agency").unwrap() }
    }

    /// Its bearer token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Posts as the agency.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(&self.token), path, body)
    }

    /// Issues a row of the stock to its holders' wallets: the answer with the package.
    pub(crate) fn issue(&self, row: &StockRow) -> Value {
        let order = demo::order(row);
        let body = json!({"type": order.type_code.as_str(), "row": order.row, "key": order.key});
        let (status, answer) = self.post("/api/credentials", &body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Changes the life of a credential.
    pub(crate) fn change(&self, id: &str, act: &str) -> (u16, Value) {
        self.post(&format!("/api/credentials/{id}/{act}"), &json!({"reason": "演示：旅程测试"}))
    }
}

/// A window that takes applications.
pub(crate) struct Window<'a> {
    city: &'a TestCity,
    token: String,
}

impl<'a> Window<'a> {
    /// A window of an agency.
    pub(crate) fn new(city: &'a TestCity, code: &str) -> Self {
        let agency = AgencyCode::parse(code).unwrap();
        Self { city, token: city.service.city.new_token(Role::Window { agency }, "test window").unwrap() }
    }

    /// Its bearer token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Files an application for a resident: its number.
    pub(crate) fn file(&self, matter: &str, applicant: &Resident) -> Value {
        let body = json!({"matter": matter, "applicant": applicant.as_applicant()});
        let (status, answer) = self.post("", &body);
        assert_eq!(status, 201, "{answer}");
        answer
    }

    /// Scans something for an application: the verdict, and the whole answer.
    pub(crate) fn scan(&self, application: &Value, text: &str) -> (Verdict, Value) {
        let path = format!("/api/applications/{}/presentations", application["id"].as_str().unwrap());
        let got = self.city.send(Some(&self.token), &path, "text/plain", text.as_bytes());
        assert_eq!(got.status, 200, "{}", got.text);
        let answer = got.json();
        (Verdict(answer["verdict"].clone()), answer)
    }

    /// A step of an application: `accept`, `reject` or `decide`.
    pub(crate) fn step(&self, application: &Value, step: &str, body: &Value) -> (u16, Value) {
        self.post(&format!("/{}/{step}", application["id"].as_str().unwrap()), body)
    }

    /// An application as the window sees it.
    pub(crate) fn show(&self, application: &Value) -> Value {
        let path = format!("/api/applications/{}", application["id"].as_str().unwrap());
        let got = self.city.get(Some(&self.token), &path, "application/json");
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.city.post_as(Some(&self.token), &format!("/api/applications{path}"), body)
    }
}

/// A resident with a wallet.
pub(crate) struct Resident {
    /// The name.
    pub(crate) name: String,
    /// The citizen ID.
    pub(crate) code: String,
    /// The phone.
    pub(crate) wallet: Wallet,
    shown: i64,
}

impl Resident {
    /// The resident of a code.
    pub(crate) fn of_code(code: &str) -> Self {
        let one = demo_city().residents.iter().find(|one| one.id.as_str() == code).unwrap();
        let seed = Seed::new(sha256(demo::SEED.as_bytes()));
        let key = HolderKey::derived(&seed, &format!("wallet/{code}"));
        assert_eq!(key.public_key(), demo::wallet_key(code).public_key());
        Self {
            name: one.name.clone(),
            code: code.to_owned(),
            wallet: Wallet::new(one.name.clone(), key),
            shown: i64::MAX,
        }
    }

    /// A grown-up, counted from 0.
    pub(crate) fn nth(n: usize) -> Self {
        let today = china_date(now());
        let adults = demo_city().residents.iter().filter(|one| one.id.age_on(today) >= 18);
        Self::of_code(adults.map(|one| one.id.as_str()).nth(n).unwrap())
    }

    /// The public key of the wallet.
    pub(crate) fn key(&self) -> &PublicKey {
        self.wallet.key().public_key()
    }

    /// Who applies, with the key that results are bound to.
    pub(crate) fn as_applicant(&self) -> Value {
        json!({"name": self.name, "code": self.code, "holderKey": self.key().to_jwk()})
    }

    /// Takes the package out of an agency's answer into the wallet; its identifier.
    pub(crate) fn receive(&mut self, answer: &Value) -> String {
        self.wallet.receive(answer["package"].to_string().as_bytes(), now()).unwrap().id.clone()
    }

    /// The licence of a type from the stock, issued and received; its identifier.
    pub(crate) fn obtain(&mut self, city: &TestCity, type_code: &str) -> String {
        let row = row_of(type_code, &self.code);
        let answer = Agency::new(city, row.agency.as_str()).issue(row);
        self.receive(&answer)
    }

    /// A time of showing that no other showing has: each a second before the last, however slow the machine is.
    fn moment(&mut self) -> Timestamp {
        self.shown = self.shown.min(now().as_second()) - 1;
        from_unix(self.shown).unwrap()
    }

    /// A show code made just now.
    pub(crate) fn code(&mut self, which: &str, view: &str) -> String {
        let at = self.moment();
        self.code_at(which, view, at)
    }

    /// A show code made when the phone's clock says so.
    pub(crate) fn code_at(&mut self, which: &str, view: &str, now: Timestamp) -> String {
        self.wallet.code(which, view, &Asked { audience: None, nonce: None, now }).unwrap()
    }

    /// A code for paper.
    pub(crate) fn printed(&mut self, which: &str, view: &str) -> String {
        self.wallet.printed_code(which, view, &Asked { audience: None, nonce: None, now: now() }).unwrap()
    }

    /// A Data Integrity presentation of licences.
    pub(crate) fn presentation(&mut self, which: &[&str], contexts: &Contexts) -> Map {
        let asked = Asked { audience: None, nonce: None, now: self.moment() };
        self.wallet.presentation(which, &asked, contexts).unwrap()
    }

    /// An SD-JWT with every claim and a key binding.
    pub(crate) fn sd_jwt(&mut self, which: &str, nonce: &str) -> String {
        let asked = Asked { audience: Some("https://window.example"), nonce: Some(nonce), now: self.moment() };
        self.wallet.sd_jwt(which, &[], &asked).unwrap()
    }
}

/// Anyone: no token, no key.
pub(crate) struct Stranger<'a>(pub(crate) &'a TestCity);

impl Stranger<'_> {
    /// What the city says about a text.
    pub(crate) fn verify(&self, text: &str) -> Verdict {
        let media = if text.starts_with('{') { "application/json" } else { "text/plain" };
        let got = self.0.send(None, "/verify", media, text.as_bytes());
        assert_eq!(got.status, 200, "{}", got.text);
        Verdict(got.json())
    }

    /// What stands at a path or an address of the city.
    pub(crate) fn get(&self, address: &str, accept: &str) -> Got {
        self.0.get(None, address.strip_prefix(&self.0.base).unwrap_or(address), accept)
    }
}

/// A verdict as the interface gives it.
#[derive(Debug)]
pub(crate) struct Verdict(pub(crate) Value);

impl Verdict {
    /// Whether it accepts.
    pub(crate) fn accepted(&self) -> bool {
        self.0["accepted"].as_bool().unwrap()
    }

    /// How a check came out: state and code.
    pub(crate) fn check(&self, check: Check) -> (&str, &str) {
        let checks = self.0["checks"].as_array().unwrap();
        assert_eq!(checks.len(), Check::ALL.len(), "every check is listed");
        let found = checks.iter().find(|one| one["check"] == check.name()).unwrap();
        assert!(found["zh"].as_str().is_some_and(|text| text.ends_with('。')), "a sentence in Chinese: {found}");
        assert!(found["en"].as_str().is_some_and(|text| text.ends_with('.')), "a sentence in English: {found}");
        (found["state"].as_str().unwrap(), found["code"].as_str().unwrap_or_default())
    }

    /// Fails unless it accepts.
    #[track_caller]
    pub(crate) fn accept(&self) {
        assert!(self.accepted(), "{:#}", self.0["checks"]);
    }

    /// Fails unless it refuses for this one reason: the named check is invalid with that code and no other is.
    #[track_caller]
    pub(crate) fn refuse(&self, check: Check, code: &str) {
        assert!(!self.accepted(), "accepted");
        assert_eq!(self.check(check), ("invalid", code), "{:#}", self.0["checks"]);
        for other in Check::ALL.into_iter().filter(|other| *other != check) {
            let state = self.check(other).0;
            assert!(state == "valid" || state == "skipped", "{} too: {:#}", other.name(), self.0["checks"]);
        }
    }

    /// Fails unless it could not be decided because of this check.
    #[track_caller]
    pub(crate) fn undecided(&self, check: Check, code: &str) {
        assert!(!self.accepted(), "accepted");
        assert_eq!(self.check(check), ("error", code), "{:#}", self.0["checks"]);
    }
}

/// The text of the code with other bytes inside.
pub(crate) fn compact_bytes(package: &Value, view: &str) -> Vec<u8> {
    let text = package["package"]["copies"][0]["compact"][view].as_str().unwrap();
    let bytes = certless::base::bytes::from_base64url(text).unwrap();
    assert_eq!(base64url(&bytes), text);
    bytes
}
