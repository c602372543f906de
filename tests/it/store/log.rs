//! What every store promises about the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use certless::domain::ports::{Contested, LOG_LEASE, LogHead, Store, StoreError};
use certless::tlog::merkle::{self, Hash, Node};

use super::fixture::{Fixture, change, issuance};

const TTL: Duration = Duration::from_secs(10);

fn node(store: &dyn Store) -> impl FnMut(Node) -> Result<Hash, StoreError> + '_ {
    |node| store.log_node(node.level, node.index)
}

pub(super) fn every_leaf_is_proved_and_heads_are_consistent(fixture: &dyn Fixture) {
    let store = fixture.store();
    let epoch = store.lease(LOG_LEASE, "kit", TTL).unwrap().unwrap();
    assert_eq!(store.log_head().unwrap(), LogHead { size: 0, root: merkle::empty_root() });
    let mut heads = vec![store.log_head().unwrap()];
    for round in 0..6_u32 {
        let change = (0..120).fold(change(&format!("round-{round}")), |c, n| c.leaf(format!("{round}-{n}")));
        store.commit(change).unwrap();
        assert_eq!(store.log_head().unwrap(), *heads.last().unwrap(), "queued is not integrated");
        let done = store.integrate(epoch, 100).unwrap();
        assert_eq!(done.added, 100);
        heads.push(done.head);
    }
    while store.integrate(epoch, 100).unwrap().added > 0 {}
    let head = store.log_head().unwrap();
    assert_eq!(head.size, 720);
    for old in &heads {
        let proof = merkle::consistency_proof(old.size, head.size, node(&*store)).unwrap().unwrap();
        assert!(merkle::verify_consistency(old.size, &old.root, head.size, &head.root, &proof), "{}", old.size);
    }
    let mut index = 0;
    loop {
        let leaves = store.log_range(index, 500).unwrap();
        if leaves.is_empty() {
            break;
        }
        for leaf in leaves {
            assert_eq!(leaf, format!("{}-{}", index / 120, index % 120).as_bytes(), "in the order of the changes");
            if index % 7 == 0 || index > 700 {
                let proof = merkle::inclusion_proof(index, head.size, node(&*store)).unwrap().unwrap();
                let hash = merkle::leaf_hash(&leaf);
                assert!(merkle::verify_inclusion(&hash, index, head.size, &proof, &head.root), "{index}");
            }
            index += 1;
        }
    }
    assert_eq!(index, 720);
    assert!(matches!(store.log_node(9, 1), Err(StoreError::NotFound { table: None, .. })));
    assert!(store.log_node(64, 0).is_err() && store.log_node(0, u64::MAX).is_err());
    assert_eq!(store.log_range(u64::MAX, 10), Ok(Vec::new()));
}

pub(super) fn a_stale_epoch_cannot_integrate(fixture: &dyn Fixture) {
    let (store, clock) = (fixture.store(), fixture.clock());
    store.commit(change("1").leaf("one")).unwrap();
    let stale = store.lease(LOG_LEASE, "a", TTL).unwrap().unwrap();
    clock.advance(11);
    let current = store.lease(LOG_LEASE, "b", TTL).unwrap().unwrap();
    assert_eq!(store.integrate(stale, 10), Err(StoreError::Conflict(Contested::Epoch)));
    assert_eq!(store.log_head().unwrap().size, 0);
    assert_eq!(store.integrate(current, 10).unwrap().added, 1);
    assert_eq!(store.integrate(stale, 10), Err(StoreError::Conflict(Contested::Epoch)));
    assert_eq!(store.integrate(current, 10).unwrap().added, 0);
}

/// Writers of different speed, one integrator, and a follower that reads only forward.
pub(super) fn a_follower_misses_nothing(fixture: &dyn Fixture) {
    const WRITERS: u32 = 8;
    const EACH: u32 = 60;
    let store = fixture.store();
    let running = Arc::new(AtomicU32::new(WRITERS));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (store, running) = (Arc::clone(&store), Arc::clone(&running));
            thread::spawn(move || {
                for n in 0..EACH {
                    store.commit(issuance(&format!("w{writer}-{n}"))).unwrap();
                    thread::sleep(Duration::from_micros(u64::from(writer) * 200));
                }
                running.fetch_sub(1, Ordering::SeqCst);
            })
        })
        .collect();
    let epoch = store.lease(LOG_LEASE, "kit", TTL).unwrap().unwrap();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    loop {
        let over = running.load(Ordering::SeqCst) == 0;
        let added = store.integrate(epoch, 37).unwrap().added;
        seen.extend(store.log_range(seen.len() as u64, 500).unwrap());
        if over && added == 0 {
            break;
        }
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(seen.len(), (WRITERS * EACH) as usize);
    for writer in 0..WRITERS {
        let prefix = format!("w{writer}-");
        let own = seen.iter().filter(|leaf| leaf.starts_with(prefix.as_bytes()));
        let expected = (0..EACH).map(|n| format!("{prefix}{n}").into_bytes());
        assert!(own.cloned().eq(expected), "the leaves of one writer in his order");
    }
}
