//! Issuing, one and many, and the life of what was issued.

use std::sync::Arc;

use certless::app::demo;
use certless::base::codes::{CaseNumber, DivisionCode};
use certless::base::id::{AgencyCode, CredentialId, TypeCode};
use certless::base::json::{Map, json};
use certless::domain::city::City;
use certless::domain::error::ErrorKind;
use certless::domain::issuance::Order;
use certless::domain::issuance::life::Act;
use certless::vc::finding::Check;
use certless::vc::finding::State;
use certless::vc::verify::{Policy, receive};

use super::{Case, World};
use crate::support::faults::{FAULTS, Fault, FaultyStore};
use crate::support::roles::{Resident, row_of, stock};

fn identity_card() -> Order {
    demo::order(row_of("idCard", &Resident::nth(0).code))
}

/// A licence whose number the agency draws: a counter is used as well.
fn numbered() -> Order {
    let resident = Resident::nth(0);
    let day = certless::base::time::parse_date("2026-01-05").unwrap();
    let case = CaseNumber::build(DivisionCode::parse("430112").unwrap(), day, 1).unwrap();
    let row = json!({"caseNo": case.to_string(), "party": resident.name, "partyCode": resident.code,
        "content": "演示", "legalBasis": "演示", "decisionDate": "2026-01-05"});
    let row: Map = row.as_object().unwrap().clone();
    let agency = AgencyCode::parse("YB").unwrap();
    Order { agency, type_code: TypeCode::parse("filingReceipt").unwrap(), row, key: Some("row-1".to_owned()) }
}

/// Whether the order's agency has issued: one whole credential that every index leads to, or nothing.
fn issued(city: &City, order: &Order) -> bool {
    let heads = city.credentials_by(&order.agency, None).unwrap().heads;
    let Some(head) = heads.first() else { return false };
    assert_eq!(heads.len(), 1, "issued once");
    let found = city.credential(&head.id).unwrap();
    assert_eq!((&found.head, &found.package.id), (head, &head.id));
    let slots: std::collections::BTreeSet<_> = head.slots.iter().map(|slot| (slot.list, slot.idx)).collect();
    assert_eq!(slots.len(), head.slots.len(), "no slot twice");
    for holder in &head.holders {
        assert_eq!(city.credentials_of(&order.agency, &holder.tag, None).unwrap().heads.len(), 1);
    }
    let received = receive(found.package.credential.get().as_bytes()).unwrap();
    assert!(city.verify(received, &Policy::full(city.now())).verdict.accepted);
    true
}

#[test]
fn issuing_under_a_key() {
    Case {
        name: "issue with a key",
        prepare: |_| identity_card(),
        act: |city, order| city.issue(order).map(drop),
        done: issued,
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn issuing_without_a_key() {
    Case {
        name: "issue without a key",
        prepare: |_| Order { key: None, ..identity_card() },
        act: |city, order| city.issue(order).map(drop),
        done: issued,
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn issuing_under_a_drawn_number() {
    Case {
        name: "issue with a drawn number",
        prepare: |_| numbered(),
        act: |city, order| city.issue(order).map(drop),
        done: issued,
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn of_a_batch_only_the_row_whose_commit_failed_is_uncertain() {
    let orders: Vec<Order> = stock("idCard").take(3).map(demo::order).collect();
    let world = World::new();
    drop(world.sound());
    let counting = Arc::new(FaultyStore::new(Arc::clone(&world.store) as _));
    assert!(world.process(Arc::clone(&counting) as _).issue_each(&orders).iter().all(Result::is_ok));
    let writes = counting.writes();
    for (row, nth) in (writes - 3..writes).enumerate() {
        for fault in FAULTS {
            let world = World::new();
            drop(world.sound());
            let city = world.process(Arc::new(FaultyStore::failing(Arc::clone(&world.store) as _, nth, fault)));
            let first = city.issue_each(&orders);
            for (at, outcome) in first.iter().enumerate() {
                match outcome {
                    Ok(_) => assert_ne!(at, row),
                    Err(error) => assert_eq!((at, error.kind), (row, ErrorKind::Unknown), "{error}"),
                }
            }
            world.check("a batch");
            let second = city.issue_each(&orders);
            for (at, (before, after)) in first.iter().zip(&second).enumerate() {
                let after = after.as_ref().unwrap();
                assert_eq!(after.again, at != row || fault == Fault::After, "row {at}");
                assert!(before.as_ref().is_ok_and(|before| before.id == after.id) || at == row);
            }
            assert_eq!(world.sound().credentials_by(&orders[0].agency, None).unwrap().heads.len(), 3);
            world.check("a batch, asked again");
        }
    }
}

type Issued = (AgencyCode, CredentialId);

fn one_issued(city: &City) -> Issued {
    let order = identity_card();
    (order.agency.clone(), city.issue(&order).unwrap().id)
}

fn suspended(city: &City) -> Issued {
    let (agency, id) = one_issued(city);
    city.change_life(&agency, &id, Act::Suspend, "演示").unwrap();
    (agency, id)
}

/// What record, status list and verification say, which must be the same: the name of the life.
fn life(city: &City, (_, id): &Issued) -> &'static str {
    let found = city.credential(id).unwrap();
    let life = found.head.life.name();
    let mut told = 0;
    let mut lists: Vec<_> = found.head.slots.iter().map(|slot| slot.list_of(&found.head.agency)).collect();
    lists.dedup();
    for list in lists {
        told += city.store().status_list(&list).unwrap().entries.len();
    }
    assert_eq!(told, if life == "valid" { 0 } else { found.head.slots.len() }, "every slot, or none");
    let received = receive(found.package.credential.get().as_bytes()).unwrap();
    let verdict = city.verify(received, &Policy::full(city.now())).verdict;
    assert_eq!(verdict.report.state(Check::Status) == State::Valid, life == "valid");
    life
}

#[test]
fn suspending() {
    Case {
        name: "suspend",
        prepare: one_issued,
        act: |city, one| city.change_life(&one.0, &one.1, Act::Suspend, "演示").map(drop),
        done: |city, one| life(city, one) == "suspended",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn reinstating() {
    Case {
        name: "reinstate",
        prepare: suspended,
        act: |city, one| city.change_life(&one.0, &one.1, Act::Reinstate, "演示").map(drop),
        done: |city, one| life(city, one) == "valid",
        again: &[ErrorKind::Conflict],
        resolves: false,
    }
    .run();
}

#[test]
fn revoking() {
    for prepare in [one_issued, suspended] {
        Case {
            name: "revoke",
            prepare,
            act: |city, one| city.change_life(&one.0, &one.1, Act::Revoke, "演示").map(drop),
            done: |city, one| life(city, one) == "revoked",
            again: &[ErrorKind::Conflict],
            resolves: false,
        }
        .run();
    }
}
