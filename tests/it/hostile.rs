//! Anything may come in: arbitrary bytes, true things damaged, JSON where parts are something else. Nothing panics, no
//! answer blames the server, and nothing is accepted that says other than what was signed.

use std::sync::OnceLock;

use certless::app::demo;
use certless::base::id::AgencyCode;
use certless::base::json::{Value, json};
use certless::base::time::Timestamp;
use certless::crypto::PublicKey;
use certless::domain::account::StaffRole;
use certless::domain::token::Role;
use certless::http::route::{Access, Route};
use certless::vc::finding::Finding;
use certless::vc::keys::{Keys, Purpose, ResolvedKey};
use certless::vc::status::token::Token;
use certless::vc::verify::{Policy, Verdict, receive};
use certless::wire::qr::{self, Code, Correction};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::city::TestCity;
use crate::support::requests::least_body;
use crate::support::roles::{Agency, Resident, Window, now, row_of};
use crate::support::staff::at_work;

/// A city and true things of every form.
struct World {
    city: TestCity,
    window: String,
    operator: String,
    approver: String,
    case: String,
    credential: String,
    samples: Vec<String>,
    /// A status list as a token in JWT form and in CWT form, and the key of both.
    lists: (Vec<u8>, Vec<u8>, AgencyKey),
}

/// Every method's key.
struct AgencyKey(PublicKey);

impl Keys for AgencyKey {
    fn resolve(&self, method: &str, _: Purpose, _: Timestamp) -> Result<ResolvedKey, Finding> {
        Ok(ResolvedKey { key: self.0.clone(), controller: method.to_owned() })
    }
}

fn lists(city: &TestCity, credential: &str) -> (Vec<u8>, Vec<u8>, AgencyKey) {
    let credential: Value = serde_json::from_str(credential).unwrap();
    let list = credential["credentialStatus"][0]["statusListCredential"].as_str().unwrap();
    let path = list.strip_prefix(&city.base).unwrap();
    let [jwt, cwt] =
        ["application/statuslist+jwt", "application/statuslist+cwt"].map(|media| city.get(None, path, media));
    let registry = city.service.city.registry();
    let key = registry.agency(&AgencyCode::parse("GA").unwrap()).unwrap().keys[0].key.clone();
    (jwt.bytes, cwt.bytes, AgencyKey(key))
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let city = TestCity::start();
        let mut resident = Resident::nth(0);
        let issued = Agency::new(&city, "GA").issue(row_of("idCard", &resident.code));
        resident.receive(&issued);
        let presentation = resident.presentation(&["idCard"], city.service.city.contexts());
        let samples = vec![
            resident.wallet.find("idCard").unwrap().credential().to_owned(),
            Value::Object(presentation).to_string(),
            resident.sd_jwt("idCard", "n"),
            issued["package"]["copies"][0]["sdJwt"].as_str().unwrap().to_owned(),
            resident.code("idCard", "basic"),
            resident.printed("idCard", "full"),
        ];
        let window = Window::new(&city, "YB");
        let case = window.file("异地就医备案", &resident)["id"].as_str().unwrap().to_owned();
        let (window, credential) = (window.token().to_owned(), issued["id"].as_str().unwrap().to_owned());
        let operator = city.service.city.new_token(Role::Operator, "test operator").unwrap();
        let approver = at_work(&city, "ga-approver", StaffRole::AgencyApprover, "GA");
        let lists = lists(&city, &samples[0]);
        World { city, window, operator, approver, case, credential, samples, lists }
    })
}

fn verdict(input: &[u8]) -> Option<Verdict> {
    let received = receive(input).ok()?;
    Some(world().city.service.city.verify(received, &Policy::full(now())).verdict)
}

/// What a sample truly says, claim by claim.
fn claims(verdict: &Verdict) -> Value {
    serde_json::to_value(verdict.credentials[0].claims()).unwrap()
}

/// Whether everything that is said is said in the original too.
fn says_no_more(said: &Value, original: &Value) -> bool {
    match (said, original) {
        (Value::Object(said), Value::Object(original)) => {
            said.iter().all(|(name, value)| original.get(name).is_some_and(|true_one| says_no_more(value, true_one)))
        }
        _ => said == original,
    }
}

/// Damage to bytes.
#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index, u8),
    Repeat(Index, u8),
    Put(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    let pieces = [
        "~", ".", "\"", "{", "}", "[", "]", ",", "null", "-1", "1e999", "\\u0000", "\\ud800", "CL1:", "proof", "id",
        "\u{202e}", "%", "=", "\u{0}",
    ];
    let piece = prop_oneof![
        proptest::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
        vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (any::<Index>(), 1..64_u8).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<Index>(), 1..64_u8).prop_map(|(at, length)| Damage::Repeat(at, length)),
        (any::<Index>(), piece).prop_map(|(at, piece)| Damage::Put(at, piece)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Self::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Self::Cut(at, by) => {
                let from = at.index(length);
                bytes.drain(from..length.min(from + usize::from(*by)));
            }
            Self::Repeat(at, by) => {
                let from = at.index(length);
                let part = bytes[from..length.min(from + usize::from(*by))].to_vec();
                bytes.splice(from..from, part);
            }
            Self::Put(at, piece) => {
                let from = at.index(length);
                bytes.splice(from..from, piece.iter().copied());
            }
        }
    }
}

fn damaged() -> impl Strategy<Value = (usize, Vec<u8>)> {
    (0..6_usize, vec(damage(), 1..4)).prop_map(|(which, damages)| {
        let mut bytes = world().samples[which].clone().into_bytes();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        (which, bytes)
    })
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(vec!["did:key:z", "did:web:", "http://[", "urn:", "2026-13-01T00:00:00Z", "u", "z"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((".{0,6}", inner), 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Counts the parts of a document, or puts something else in place of one.
fn replace(document: &mut Value, left: &mut usize, other: &Value) {
    if *left == 0 {
        *document = other.clone();
    }
    *left = left.wrapping_sub(1);
    if *left == usize::MAX {
        return;
    }
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| replace_unless_done(item, left, other)),
        Value::Object(map) => map.values_mut().for_each(|item| replace_unless_done(item, left, other)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn replace_unless_done(document: &mut Value, left: &mut usize, other: &Value) {
    if *left != usize::MAX {
        replace(document, left, other);
    }
}

fn parts(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(parts).sum(),
        Value::Object(map) => map.values().map(parts).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn with_another_part(document: &Value, at: Index, other: &Value) -> Value {
    let mut changed = document.clone();
    replace(&mut changed, &mut at.index(parts(document)), other);
    changed
}

/// Every operation that takes JSON, with a body that it takes.
fn requests() -> Vec<(Route, String, Value)> {
    let world = world();
    let row = demo::order(row_of("idCard", &Resident::nth(1).code)).row;
    let credential: Value = serde_json::from_str(&world.samples[0]).unwrap();
    let presentation: Value = serde_json::from_str(&world.samples[1]).unwrap();
    let issue = json!({"credential": {"@context": ["https://www.w3.org/ns/credentials/v2"], "issuer": "did:example:1",
        "type": ["VerifiableCredential", "IdCard"], "credentialSubject": row}, "options": {"credentialId": "k"}});
    let posts = certless::http::routes().into_iter();
    let posts = posts.filter(|route| route.body.iter().any(|(media, _)| *media == "application/json"));
    posts
        .map(|route| {
            let schema = route.body.iter().find(|(media, _)| *media == "application/json").unwrap().1;
            let body = match schema {
                "Any" => credential.clone(),
                "SdJwtVerify" => json!({"presentation": world.samples[2], "nonce": "n", "checks": ["proof"]}),
                "Issue" => json!({"type": "idCard", "row": row, "key": "k", "dryRun": true}),
                "IssueBatch" => json!({"type": "idCard", "rows": [row, {"rowKey": "k"}], "dryRun": true}),
                "IssueVc" => issue.clone(),
                "VerifyCredential" => json!({"verifiableCredential": credential, "options": {"checks": ["proof"]}}),
                "VerifyPresentation" => {
                    json!({"verifiablePresentation": presentation, "options": {"challenge": "c", "domain": "d"}})
                }
                "Filing" => json!({"matter": "异地就医备案", "applicant": Resident::nth(0).as_applicant()}),
                "Acceptance" => json!({"forms": ["form-1"], "commitments": ["x"], "tolerated": ["y"]}),
                "Decision" => json!({"decision": "grant", "results": {"filingReceipt": {"content": "x"}}}),
                _ => least_body(&route).unwrap(),
            };
            let id = if route.path.starts_with("/api/applications") { &world.case } else { &world.credential };
            let path = route
                .path
                .replace("{id}", id)
                .replace("{issuer}", "rdfc")
                .replace("{agency}", "MZ")
                .replace("{use}", "MZ.1.x");
            (route, path, body)
        })
        .collect()
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn arbitrary_bytes_are_no_credential(
        beginning in proptest::sample::select(vec!["", "CL1:", "{", "eyJ", "~", "{\"type\":\"VerifiablePresentation\"", "<svg"]),
        rest in vec(any::<u8>(), 0..200),
    ) {
        let input = [beginning.as_bytes(), &rest].concat();
        if let Some(verdict) = verdict(&input) {
            prop_assert!(!verdict.accepted);
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn what_is_damaged_says_nothing_new((which, bytes) in damaged()) {
        if let Some(found) = verdict(&bytes).filter(|found| found.accepted) {
            let original = verdict(world().samples[which].as_bytes()).unwrap();
            prop_assert!(says_no_more(&claims(&found), &claims(&original)), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn a_document_with_another_part_says_nothing_new(which in 0..2_usize, at in any::<Index>(), other in any_json()) {
        let original: Value = serde_json::from_str(&world().samples[which]).unwrap();
        let changed = with_another_part(&original, at, &other).to_string();
        if let Some(found) = verdict(changed.as_bytes()).filter(|found| found.accepted) {
            let original = verdict(world().samples[which].as_bytes()).unwrap();
            prop_assert!(says_no_more(&claims(&found), &claims(&original)), "{changed}");
        }
    }
}

proptest! {
    // A picture in which nothing is found is searched in every way, which takes seconds without optimisation.
    #![proptest_config(config(8))]

    #[test]
    fn a_damaged_picture_of_a_code_says_nothing_new(svg in any::<bool>(), damages in vec(damage(), 1..4)) {
        let printed = &world().samples[5];
        let code = Code::new(printed, Correction::Medium).unwrap();
        let mut bytes = if svg { code.to_svg().into_bytes() } else { code.to_png(4).unwrap() };
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        for text in qr::read(&bytes).unwrap_or_default() {
            if let Some(found) = verdict(text.as_bytes()).filter(|found| found.accepted) {
                let original = verdict(printed.as_bytes()).unwrap();
                prop_assert!(says_no_more(&claims(&found), &claims(&original)), "{text}");
            }
        }
    }
}

/// What a token of the list says, however it is written.
fn list_of(bytes: &[u8], jwt: bool) -> Option<Token> {
    let keys = &world().lists.2;
    if jwt { Token::from_jwt(std::str::from_utf8(bytes).ok()?, keys) } else { Token::from_cwt(bytes, keys) }
        .ok()
        .map(|(token, _)| token)
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_damaged_status_list_says_nothing_else(jwt in any::<bool>(), damages in vec(damage(), 1..3)) {
        let original = if jwt { &world().lists.0 } else { &world().lists.1 };
        let mut bytes = original.clone();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        let truth = list_of(original, jwt).expect("the list as it was served");
        if let Some(said) = list_of(&bytes, jwt) {
            prop_assert_eq!((said.subject, said.issued_at, said.list), (truth.subject, truth.issued_at, truth.list));
        }
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn posting_anything_to_be_verified_is_answered(
        input in prop_oneof![damaged().prop_map(|(_, bytes)| bytes), vec(any::<u8>(), 0..100)],
        media in proptest::sample::select(vec!["text/plain", "application/json", "image/png", "image/jpeg", "x", "image/svg+xml", "multipart/form-data", "multipart/form-data; boundary=x"]),
    ) {
        let got = world().city.send(None, "/verify", media, &input);
        prop_assert!(got.status == 200 || (400..500).contains(&got.status), "{}: {}", got.status, got.text);
    }

    #[test]
    fn anything_brought_to_the_witness_is_refused_in_its_own_words(
        head in "(old [0-9]{1,25}\n?|.{0,40})", lines in vec("[A-Za-z0-9+/=]{0,48}", 0..4), tail in ".{0,200}",
    ) {
        let body = format!("{head}\n{}\n\n{tail}", lines.join("\n"));
        let got = world().city.send(None, "/witness/add-checkpoint", "text/plain", body.as_bytes());
        prop_assert!(matches!(got.status, 400 | 404 | 413), "{} {}", got.status, got.text);
    }

    #[test]
    fn arbitrary_texts_are_no_companion(text in ".{0,400}") {
        let evidence = certless::vc::verify::LogEvidence::default();
        prop_assert!(evidence.clone().read(&text).is_err());
        let _ = evidence.read(&format!("c2sp.org/tlog-proof@v1\n{text}"));
    }

    #[test]
    fn a_request_with_another_part_is_answered(which in any::<Index>(), at in any::<Index>(), other in any_json()) {
        let requests = requests();
        let (route, path, body) = which.get(&requests);
        let token = match route.access {
            Access::Open | Access::Watching | Access::Auditor => None,
            Access::Known | Access::Agency | Access::AgencyReading | Access::Answering => Some(world().city.token.as_str()),
            Access::Operator => Some(world().operator.as_str()),
            Access::Window | Access::WindowReading => Some(world().window.as_str()),
            Access::Staff | Access::Approver => Some(world().approver.as_str()),
        };
        let body = with_another_part(body, at, &other).to_string();
        let got = world().city.send(token, path, "application/json", body.as_bytes());
        prop_assert!(got.status < 500, "{path} {body}: {} {}", got.status, got.text);
    }
}

#[test]
fn the_true_things_are_accepted() {
    for (at, sample) in world().samples.iter().enumerate() {
        let verdict = verdict(sample.as_bytes()).unwrap();
        assert!(verdict.accepted, "sample {at}: {:?}", verdict.report);
    }
}
