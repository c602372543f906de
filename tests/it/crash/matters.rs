//! Applications: filing, showing, taking up or not, deciding; and codes that are good once.

use certless::app::demo;
use certless::base::id::{AgencyCode, ApplicationId};
use certless::base::json::json;
use certless::base::random::SystemRandom;
use certless::domain::account::Author;
use certless::domain::application::accept::Acceptance;
use certless::domain::application::decide::Decision;
use certless::domain::application::file::Filing;
use certless::domain::application::rating::{Grade, Opinion};
use certless::domain::change::Table;
use certless::domain::city::City;
use certless::domain::error::ErrorKind;
use certless::domain::request::State;
use certless::domain::usage::Place;
use certless::domain::usage::holder::sign;
use certless::domain::usage::objection::{Outcome, TYP, Wanted};
use certless::domain::wallet::request::CheckedRequest;
use certless::vc::finding::{Check, Code};
use certless::vc::verify::{Policy, receive};
use certless::wire::oid4vp::request::WalletRequest;
use certless::wire::oid4vp::response::Content;

use super::Case;
use crate::support::roles::{Resident, row_of};

fn agency() -> AgencyCode {
    AgencyCode::parse("YB").unwrap()
}

fn desk() -> Place {
    Place::new(agency(), "window 1")
}

fn clerk() -> Author {
    Author::Token("test window".to_owned())
}

fn filing(resident: &Resident) -> Filing {
    serde_json::from_value(json!({"matter": "异地就医备案", "applicant": resident.as_applicant()})).unwrap()
}

/// A resident with an issued licence in the wallet.
fn with(city: &City, kinds: &[&str]) -> Resident {
    let mut resident = Resident::nth(0);
    for kind in kinds {
        let issued = city.issue(&demo::order(row_of(kind, &resident.code))).unwrap();
        let package = serde_json::to_vec(&city.credential(&issued.id).unwrap().package).unwrap();
        resident.wallet.receive(&package, city.now()).unwrap();
    }
    resident
}

#[test]
fn filing_an_application() {
    Case {
        name: "file",
        prepare: |_| Resident::nth(0),
        act: |city, resident| city.file(&agency(), filing(resident), Some("key-1"), &clerk()).map(drop),
        done: |city, resident| {
            let tag = city.holder_tag("111", &resident.code);
            let rows = city.store().scan(Table::ApplicantIndex, tag.as_bytes(), None, 10).unwrap().rows;
            for (_, row) in &rows {
                let number = row.value.rsplit(|byte| *byte == 0).next().unwrap();
                let id = ApplicationId::parse(std::str::from_utf8(number).unwrap()).unwrap();
                let application = city.application(&id).unwrap();
                assert_eq!(application.body.applicant.name, resident.name);
                assert_eq!(city.progress(&application.body.receipt).unwrap().number, id.as_str());
            }
            assert!(rows.len() <= 1, "filed once");
            !rows.is_empty()
        },
        again: &[],
        resolves: false,
    }
    .run();
}

type Filed = (ApplicationId, Vec<String>);

/// A case with both codes ready to be shown, `shown` of them shown already.
fn filed(city: &City, shown: usize) -> Filed {
    let mut resident = with(city, &["idCard", "socialSecurityCard"]);
    let id = city.file(&agency(), filing(&resident), None, &clerk()).unwrap().head.id;
    let now = city.now();
    let codes: Vec<_> = ["idCard", "socialSecurityCard"].map(|kind| resident.code_at(kind, "basic", now)).into();
    for code in &codes[..shown] {
        assert_eq!(city.present(&desk(), &id, code.as_bytes()).unwrap().met.len(), 1);
    }
    (id, codes)
}

/// Whether a code is known to have been accepted.
fn used(city: &City, code: &str) -> bool {
    let verdict = city.verify(receive(code.as_bytes()).unwrap(), &Policy::full(city.now())).verdict;
    let results = verdict.report.results();
    let replayed = results.iter().any(|one| one.check == Check::Freshness && one.code == Some(Code::Replayed));
    assert_ne!(verdict.accepted, replayed);
    replayed
}

#[test]
fn showing_a_licence() {
    Case {
        name: "present",
        prepare: |city| filed(city, 0),
        act: |city, (id, codes)| city.present(&desk(), id, codes[0].as_bytes()).map(drop),
        done: |city, (id, codes)| {
            let met = city.application(id).unwrap().head.fulfilled.len();
            assert!(met <= 1);
            assert_eq!(used(city, &codes[0]), met == 1, "the code is used up with the requirement, or neither");
            met == 1
        },
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn rating_a_refused_case() {
    fn opinion() -> Opinion {
        Opinion { grade: Grade::Fair, words: "演示".to_owned() }
    }
    Case {
        name: "rate",
        prepare: |city| {
            let (id, _) = filed(city, 0);
            city.reject(&id, "演示", &clerk()).unwrap().body.receipt
        },
        act: |city, receipt| city.rate(receipt, &opinion()).map(drop),
        done: |city, receipt| {
            let page = city.ratings(Some(&agency()), None).unwrap();
            let counted: u64 =
                page.tally.to_json().as_array().unwrap().iter().filter_map(|one| one["count"].as_u64()).sum();
            assert_eq!(counted, page.ratings.len() as u64, "the tally grows with the rating");
            assert_eq!(city.progress(receipt).unwrap().rating.is_some(), counted == 1);
            counted == 1
        },
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn verifying_a_code_once() {
    Case {
        name: "verify once",
        prepare: |city| filed(city, 0),
        act: |city, (_, codes)| {
            let received = receive(codes[0].as_bytes()).unwrap();
            city.verify_once(received, &Policy::full(city.now())).map(drop)
        },
        done: |city, (_, codes)| used(city, &codes[0]),
        again: &[],
        resolves: false,
    }
    .run();
}

fn state(city: &City, id: &ApplicationId) -> &'static str {
    let application = city.application(id).unwrap();
    assert_eq!(city.progress(&application.body.receipt).unwrap().state, application.head.state.name());
    let results = city.credentials_by(&agency(), None).unwrap().heads;
    assert_eq!(results.len(), usize::from(application.head.state.name() == "granted"), "the result with the decision");
    for head in results {
        assert!(city.credential(&head.id).is_ok());
    }
    application.head.state.name()
}

fn accepted(city: &City) -> Filed {
    let case = filed(city, 2);
    city.accept(&case.0, &Acceptance::default(), &clerk()).unwrap();
    case
}

#[test]
fn taking_an_application_up() {
    Case {
        name: "accept",
        prepare: |city| filed(city, 2),
        act: |city, (id, _)| city.accept(id, &Acceptance::default(), &clerk()).map(drop),
        done: |city, (id, _)| state(city, id) == "accepted",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn not_taking_an_application_up() {
    Case {
        name: "reject",
        prepare: |city| filed(city, 0),
        act: |city, (id, _)| city.reject(id, "演示", &clerk()).map(drop),
        done: |city, (id, _)| state(city, id) == "notAccepted",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

fn granting() -> Decision {
    let result = json!({"content": "演示", "legalBasis": "演示", "decisionDate": "2026-01-05"});
    serde_json::from_value(json!({"decision": "grant", "results": {"filingReceipt": result}})).unwrap()
}

#[test]
fn granting_an_application() {
    Case {
        name: "grant",
        prepare: accepted,
        act: |city, (id, _)| city.decide(id, granting(), &clerk()).map(drop),
        done: |city, (id, _)| state(city, id) == "granted",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn refusing_an_application() {
    Case {
        name: "refuse",
        prepare: accepted,
        act: |city, (id, _)| city.decide(id, Decision::Refuse { reason: "演示".to_owned() }, &clerk()).map(drop),
        done: |city, (id, _)| state(city, id) == "refused",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

/// A request that was opened, and the answer of the applicant's wallet.
fn asked(city: &City) -> (String, String, ApplicationId) {
    let mut resident = with(city, &["idCard", "socialSecurityCard"]);
    let id = city.file(&agency(), filing(&resident), None, &clerk()).unwrap().head.id;
    let session = city.ask(&desk(), serde_json::from_value(json!({"application": id})).unwrap()).unwrap();
    let signed = city.open_request(&session.id, &WalletRequest::default()).unwrap();
    let reference = city.request_reference(&session);
    let request = CheckedRequest::check(&signed, &reference, None, &city.registry(), city.now()).unwrap();
    let picks = resident.plan(&request);
    let token = resident.wallet.answer(&request, &picks, city.contexts(), city.now()).unwrap();
    (session.id, request.body(Content::Token(token), &SystemRandom).unwrap(), id)
}

#[test]
fn answering_a_request() {
    Case {
        name: "answer",
        prepare: asked,
        act: |city, (id, body, _)| city.answer_request(id, body.as_bytes()).map(drop),
        done: |city, (id, _, case)| {
            let answered = city.request(id).unwrap().state(city.now()) == State::Answered;
            let met = city.application(case).unwrap().head.fulfilled.len();
            assert_eq!(
                met,
                if answered { 2 } else { 0 },
                "the request is used up and the materials are ticked, or neither"
            );
            answered
        },
        again: &[ErrorKind::AlreadyUsed],
        resolves: false,
    }
    .run();
}

#[test]
fn verifying_at_a_window_without_a_case() {
    Case {
        name: "check",
        prepare: |city| filed(city, 0).1,
        act: |city, codes| {
            let received = receive(codes[0].as_bytes()).unwrap();
            city.check(&desk(), received, codes[0].as_bytes()).map(drop)
        },
        done: |city, codes| {
            let uses = city.uses_of_unit(&agency(), None).unwrap().uses.len();
            let known = used(city, &codes[0]);
            assert_eq!(known, uses > 0, "the code is used up with its record, or neither");
            known
        },
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn objecting_and_answering() {
    let objected: fn(&City) -> (String, String) = |city| {
        let (id, codes) = filed(city, 0);
        let shown = city.present(&desk(), &id, codes[0].as_bytes()).unwrap();
        let said = [("use", shown.uses[0].record.id.as_str()), ("reason", "演示")];
        let key = Resident::nth(0);
        let proof = sign(TYP, city.names.base(), &city.new_nonce(), city.now(), &said, key.wallet.key());
        (proof, shown.uses[0].record.id.clone())
    };
    Case {
        name: "object",
        prepare: objected,
        act: |city, (proof, _)| city.object(proof).map(drop),
        done: |city, _| city.objections(None, Wanted::Open, None).unwrap().0.len() == 1,
        // The nonce went with the first.
        again: &[ErrorKind::Refused, ErrorKind::Conflict],
        resolves: false,
    }
    .run();
    Case {
        name: "answer objection",
        prepare: |city| {
            let (id, codes) = filed(city, 0);
            let shown = city.present(&desk(), &id, codes[0].as_bytes()).unwrap();
            let used = shown.uses[0].record.id.clone();
            let said = [("use", used.as_str()), ("reason", "演示")];
            let key = Resident::nth(0);
            city.object(&sign(TYP, city.names.base(), &city.new_nonce(), city.now(), &said, key.wallet.key())).unwrap();
            used
        },
        act: |city, id| {
            let by = Author::Token("test".to_owned());
            city.answer_objection(None, id, Outcome::Explained, "演示", &by).map(drop)
        },
        done: |city, _| city.objections(None, Wanted::Open, None).unwrap().0.is_empty(),
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}
