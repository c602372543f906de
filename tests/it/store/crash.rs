//! kill -9 at any moment: nothing that was promised is lost and the store always opens.
//!
//! Ten kills; sixty with `CERTLESS_CRASH=long`. The page cache survives a kill: what a power cut does is told by `power`.

use std::thread;
use std::time::Duration;

use super::writer::{dice, long, look, spawn};

#[test]
fn a_killed_process_loses_nothing_that_was_promised() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let rounds = if long() { 60 } else { 10 };
    let (mut promised, mut slowest, mut journals) = (0, Duration::ZERO, Vec::new());
    for round in 0..rounds {
        let journal = dir.path().join(format!("journal-{round}"));
        let mut child = spawn(&store, &journal, round, 0);
        thread::sleep(Duration::from_millis(dice(round, 10..900)));
        child.kill().unwrap();
        child.wait().unwrap();
        journals.push(journal);
        let kept = look(&store, &journals).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(kept.lost, Vec::<String>::new(), "round {round}");
        promised = kept.promised;
        slowest = slowest.max(kept.opened_in);
    }
    println!("{rounds} kills, {promised} promises, 0 lost, 0 broken opens, slowest open {slowest:?}");
    assert!(promised > 100, "the writers hardly wrote: {promised}");
}
