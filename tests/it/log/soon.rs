//! From the commit of a fact to a checkpoint that has it: at most a second, in the program as it runs.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use certless::app::background::Background;

use super::mixed::issue;
use crate::support::city::TestCity;

#[test]
fn a_fact_is_in_the_signed_log_within_a_second() {
    let city = TestCity::start();
    let keys = tempfile::tempdir().unwrap();
    let running = Background::start(Arc::clone(&city.service), keys.path().to_owned());
    let size = |text: &str| text.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let head = || size(&city.get(None, "/log/checkpoint", "*/*").text);
    while head() == 0 {
        sleep(Duration::from_millis(20));
    }
    let mut slowest = Duration::ZERO;
    for n in 0..8 {
        let before = head();
        issue(&city, n);
        let begun = Instant::now();
        while head() == before {
            sleep(Duration::from_millis(10));
        }
        slowest = slowest.max(begun.elapsed());
    }
    drop(running);
    assert!(slowest <= Duration::from_secs(1), "{slowest:?}");
}
