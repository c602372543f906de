//! The city's own keys: rotated and marked. A crash leaves the old key in force, or the new one.

use certless::domain::city::City;
use certless::domain::city::keys::OwnRole;

use super::Case;
use crate::support::roles::now;

/// Whether the registry tells of the newest key as the newest process signs; never of one that nobody has.
fn roots(city: &City) -> usize {
    let registry = city.registry();
    let own = city.keys().own();
    assert_eq!(registry.root_id(), own.root.key_id, "what signs is what is published");
    assert_eq!(registry.logs.last().map(|log| log.id.clone()), own.logs.last().map(|log| log.key_id.clone()));
    city.change_trust(|_| Ok(())).map(drop).unwrap();
    registry.roots.len()
}

#[test]
fn rotating_the_root() {
    Case {
        name: "rotate the root",
        prepare: |_| (),
        act: |city, ()| match city.registry().roots.len() {
            1 => city.rotate_own(OwnRole::Root, 0).map(drop),
            _ => Ok(()),
        },
        done: |city, ()| roots(city) == 2,
        again: &[],
        resolves: true,
    }
    .run();
}

#[test]
fn a_root_known_to_others() {
    Case {
        name: "compromise the root",
        prepare: |_| (),
        act: |city, ()| city.compromise_own(OwnRole::Root, "root", now()),
        done: |city, ()| {
            let first = city.registry().roots[0].key.compromised_from;
            // In one version: none ever handed over from the stolen key without saying so.
            assert_eq!(first.is_some(), roots(city) == 2);
            first.is_some()
        },
        again: &[],
        resolves: true,
    }
    .run();
}

#[test]
fn rotating_the_log() {
    Case {
        name: "rotate the log",
        prepare: |_| (),
        act: |city, ()| match city.registry().logs.len() {
            1 => city.rotate_own(OwnRole::Log, 3_600).map(drop),
            _ => Ok(()),
        },
        done: |city, ()| roots(city) == 1 && city.registry().logs.len() == 2,
        again: &[],
        resolves: true,
    }
    .run();
}
