//! Other cities and journals: believed, asked, believed no more; reconciled.

use std::sync::Arc;

use certless::app::demo;
use certless::base::clock::FixedClock;
use certless::base::random::SystemRandom;
use certless::domain::change::Table;
use certless::domain::city::City;
use certless::domain::error::ErrorKind;
use certless::domain::record;
use certless::domain::trust::journal::{End, read};
use certless::vc::verify::{Policy, receive};

use super::Case;
use crate::support::neighbour::Neighbour;
use crate::support::roles::{now, stock};

thread_local! {
    static NEIGHBOUR: Arc<Neighbour> = Neighbour::new(Arc::new(FixedClock::new(now())));
}

/// The city that this thread's cities know.
pub(super) fn neighbour() -> Arc<Neighbour> {
    NEIGHBOUR.with(Arc::clone)
}

fn held(city: &City) -> Option<u64> {
    city.partners().first().map(|partner| partner.version)
}

#[test]
fn believing_another_city() {
    Case {
        name: "believe a city",
        prepare: |_| neighbour().as_partner(),
        act: |city, new| city.add_partner(new).map(drop),
        done: |city, _| {
            city.load_partners().unwrap();
            held(city).is_some()
        },
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn taking_newer_versions() {
    let done = |city: &City, newest: &u64| {
        city.load_partners().unwrap();
        let partner = &city.partners()[0];
        // The last to be kept are the two forms of the one list that its believed type has.
        let prefix = record::prefix(&[&partner.city]);
        let rows =
            city.store().scan(Table::PartnerDocument, &[prefix.as_slice(), b"s"].concat(), None, 100).unwrap().rows;
        assert!(rows.is_empty() || partner.version == *newest);
        partner.version == *newest && partner.trouble.is_none() && rows.len() == 2
    };
    Case {
        name: "update a city",
        prepare: |city| {
            let neighbour = neighbour();
            city.add_partner(&neighbour.as_partner()).unwrap();
            neighbour.renew();
            neighbour.renew();
            neighbour.city.registry().version
        },
        act: |city, newest| {
            // The versions between are steps of their own: what was taken stays taken.
            city.update_partner(&neighbour().did())?;
            assert_eq!(held(city), Some(*newest));
            Ok(())
        },
        done,
        again: &[],
        resolves: false,
    }
    .run();
}

#[test]
fn believing_a_city_no_more() {
    Case {
        name: "remove a city",
        prepare: |city| drop(city.add_partner(&neighbour().as_partner()).unwrap()),
        act: |city, ()| city.remove_partner(&neighbour().did()),
        done: |city, ()| {
            city.load_partners().unwrap();
            held(city).is_none()
        },
        again: &[ErrorKind::Refused],
        resolves: false,
    }
    .run();
}

#[test]
fn reconciling_a_journal() {
    Case {
        name: "reconcile",
        prepare: |city| {
            let id = city.issue(&demo::order(stock("idCard").next().unwrap())).unwrap().id;
            let credential = city.credential(&id).unwrap().package.credential;
            let received = receive(credential.get().as_bytes()).unwrap();
            let verified = city.verify(received, &Policy::full(city.now())).verified.unwrap();
            let (mut end, mut text) = (End::new(&SystemRandom), String::new());
            for _ in 0..130 {
                let line = end.line(&verified, "东门", city.now(), city.now()).unwrap();
                text += &String::from_utf8(line).unwrap();
                text.push('\n');
                end = End::of(&read(&text).unwrap()).unwrap();
            }
            text
        },
        act: |city, text| city.reconcile(text, None).map(drop),
        done: |city, text| {
            let (mut found, mut after) = (0, None);
            loop {
                let page = city.reconciled(None, after.as_deref()).unwrap();
                found += page.outcomes.len();
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert!([0, 100, 130].contains(&found), "{found} of a batch");
            found == text.lines().count()
        },
        again: &[],
        resolves: false,
    }
    .run();
}
