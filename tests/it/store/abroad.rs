//! What is kept about other cities, on every adapter: read again by another process, exported, made anew from the export.

use std::sync::Arc;

use certless::adapters::store::check::check;
use certless::adapters::store::import::into_memory;
use certless::adapters::store::sled::SledStore;
use certless::app::open::assemble;
use certless::base::clock::Clock;
use certless::base::id::AgencyCode;
use certless::base::random::SystemRandom;
use certless::domain::change::Table;
use certless::domain::city::{City, Ports};
use certless::domain::ports::Store;
use certless::domain::trust::TrustedAgency;
use certless::domain::trust::journal::End;
use certless::domain::trust::reconcile::Found;
use certless::vc::verify::{Policy, receive};

use super::fixture::{Fixture, small};
use crate::support::city::keyring;
use crate::support::neighbour::{BASE, Neighbour};
use crate::support::roles::stock;

fn process(fixture: &dyn Fixture, store: Arc<dyn Store>, neighbour: &Arc<Neighbour>) -> City {
    let clock = Arc::new(fixture.clock().clone()) as Arc<dyn Clock>;
    let web = Some(Arc::clone(neighbour) as _);
    let ports = Ports { store, clock, random: Arc::new(SystemRandom), web, key_maker: None };
    assemble("https://city.example", &keyring(), ports).unwrap()
}

/// Agencies enough for a document of several parts.
fn grow(neighbour: &Neighbour) {
    let many = |registry: &mut certless::domain::trust::Registry| {
        let first = registry.agencies[0].clone();
        registry.agencies.extend((0..70).map(|n| {
            let code = AgencyCode::parse(&format!("X{n}")).unwrap();
            let (did, url) = (neighbour.city.names.agency_did(&code), neighbour.city.names.agency_url(&code));
            TrustedAgency { code, did, url, ..first.clone() }
        }));
        Ok(())
    };
    neighbour.city.change_trust(many).unwrap();
    assert!(neighbour.city.trust_document().unwrap().len() > 48 * 1024);
}

pub(super) fn another_city_is_kept_with_its_registry_and_its_lists(fixture: &dyn Fixture) {
    let neighbour = Neighbour::new(Arc::new(fixture.clock().clone()));
    grow(&neighbour);
    let city = process(fixture, fixture.store(), &neighbour);
    city.add_partner(&neighbour.as_partner()).unwrap();
    neighbour.renew();
    fixture.clock().advance(60);
    assert_eq!(city.update_partner(&neighbour.did()).unwrap().version, 3);
    assert_eq!(city.update_partner(&neighbour.did()).unwrap().trouble, None);
    let issued = neighbour.city.issue(&certless::app::demo::order(stock("idCard").next().unwrap())).unwrap().id;
    let credential = neighbour.city.credential(&issued).unwrap().package.credential.get().to_owned();

    // Another process that never heard of the city, and cannot ask it: registry and lists are in the store.
    neighbour.leave(true);
    for store in [fixture.store(), imported(fixture)] {
        let other = process(fixture, store, &neighbour);
        assert_eq!(other.partners(), city.partners());
        fixture.clock().advance(1_000);
        let received = receive(credential.as_bytes()).unwrap();
        let outcome = other.verify(received, &Policy::full(other.now()));
        assert!(outcome.verdict.accepted, "{:?}", outcome.verdict.report);
        let relied = outcome.verdict.credentials[0].relied.clone().unwrap();
        assert!(relied.age(relied.status_as_of.unwrap()) >= 1_000 && relied.registry.unwrap().version == 3);
    }
    assert_eq!(city.partners()[0].base, BASE);
    city.remove_partner(&neighbour.did()).unwrap();
    assert!(process(fixture, fixture.store(), &neighbour).partners().is_empty());
    assert_eq!(fixture.check().faults, 0);
}

/// The store made anew from its export.
fn imported(fixture: &dyn Fixture) -> Arc<dyn Store> {
    let export = fixture.export();
    let (rows, _) = into_memory(export.as_slice()).unwrap();
    assert_eq!(check(&rows).unwrap().faults, 0);
    let folder = tempfile::tempdir().unwrap().keep().join("store");
    SledStore::import(&folder, &small(), export.as_slice()).unwrap();
    let clock = Arc::new(fixture.clock().clone());
    Arc::new(SledStore::open(&folder, &small(), clock, &SystemRandom).unwrap())
}

pub(super) fn journals_are_reconciled_once_and_double_use_is_found(fixture: &dyn Fixture) {
    let neighbour = Neighbour::new(Arc::new(fixture.clock().clone()));
    let city = process(fixture, fixture.store(), &neighbour);
    let issued = city.issue(&certless::app::demo::order(stock("idCard").next().unwrap())).unwrap().id;
    let credential = city.credential(&issued).unwrap().package.credential.get().to_owned();
    let verified = city.verify(receive(credential.as_bytes()).unwrap(), &Policy::full(city.now())).verified.unwrap();
    let (here, there) = (End::new(&SystemRandom), End::new(&SystemRandom));
    let line = |end: &End, place: &str| {
        String::from_utf8(end.line(&verified, place, city.now(), city.now()).unwrap()).unwrap()
    };
    let (first, second) = (line(&here, "东门"), line(&there, "西门"));
    let outcomes = city.reconcile(&first, None).unwrap();
    assert!(outcomes.len() == 1 && outcomes[0].notes.is_empty(), "{outcomes:?}");
    assert!(city.reconcile(&first, None).unwrap().is_empty(), "once");
    let outcomes = city.reconcile(&second, None).unwrap();
    assert_eq!(outcomes[0].notes[0].found, Found::SeenElsewhere);
    assert_eq!(outcomes[0].notes[0].other.as_ref().unwrap().place, "东门");
    assert_eq!(process(fixture, fixture.store(), &neighbour).reconciled(None, None).unwrap().outcomes.len(), 2);
    let rows = |table| fixture.store().scan(table, b"", None, 100).unwrap().rows;
    let kept = [Table::Journal, Table::Reconciled, Table::OfflineUse].into_iter().flat_map(rows);
    let kept: Vec<u8> = kept.flat_map(|(key, row)| [key, row.value].concat()).collect();
    let kept = String::from_utf8_lossy(&kept);
    assert!(!kept.contains(issued.as_str()), "no licence can be told from what is kept");
    assert_eq!(fixture.check().faults, 0);
}
