//! `POST /verify` over loopback: CPU time of the server's threads only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::machine::cpu_seconds;
use super::verifying::licence;
use super::{Figure, ROUNDS, median, raw};
use crate::app::load::Load;
use crate::app::loopback::Loopback;
use crate::domain::city::City;
use crate::domain::error::Error;

/// Connections kept busy.
const CONNECTIONS: usize = 8;
/// How long they are busy before it counts.
const WARMING: Duration = Duration::from_millis(200);

pub(super) fn measure(city: City, span: Duration) -> Result<Vec<Figure>, Error> {
    let (package, _) = licence(&city)?;
    let body = package.credential.get().as_bytes();
    let [whole, bare] = ["/verify", "/bare"].map(|path| request(path, body));
    let server = Loopback::start(city)?;
    let part = span / u32::try_from(ROUNDS).unwrap_or(1);
    let (mut each, mut rate, mut ratio, mut least) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let limit = raw::verification(part);
        let (answered, seconds) = round(server.address(), &whole, part)?;
        each.push(seconds / answered * 1e6);
        rate.push(answered / part.as_secs_f64());
        ratio.push(limit / (seconds / answered));
        let (answered, seconds) = round(server.address(), &bare, part)?;
        least.push(limit / (seconds / answered));
    }
    Ok(vec![
        Figure::plain("POST /verify over loopback, server CPU", format!("{:.1} µs", median(each))),
        Figure::plain("  answers a second, 8 connections, both sides here", format!("{:.0}", median(rate))),
        Figure::ratio("  ratio to one raw verification", median(ratio), 0.6, "≥ 0.60"),
        Figure::plain("  that of a handler that only parses, hashes, verifies", format!("{:.2}", median(least))),
    ])
}

fn request(path: &str, body: &[u8]) -> Arc<[u8]> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat().into()
}

/// Answers to busy connections, and the server's CPU seconds for them.
fn round(address: SocketAddr, request: &Arc<[u8]>, span: Duration) -> Result<(f64, f64), Error> {
    let load = Load::new(address, Arc::clone(request), CONNECTIONS);
    thread::scope(|scope| {
        let caller = scope.spawn(|| load.run());
        thread::sleep(WARMING);
        let begun = (cpu_seconds(Loopback::THREADS), load.calls());
        thread::sleep(span);
        let ended = (cpu_seconds(Loopback::THREADS), load.calls());
        load.stop();
        caller.join().map_err(|_| Error::corrupt("the caller panicked"))??;
        Ok((f64::from(ended.1.wrapping_sub(begun.1).max(1)), ended.0 - begun.0))
    })
}
