//! `POST /verify` over loopback: CPU time of the server's threads only.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::machine::cpu_seconds;
use super::verifying::licence;
use super::{Figure, ROUNDS, median, raw};
use crate::app::loopback::Loopback;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};

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

fn request(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Answers to busy connections, and the server's CPU seconds for them.
fn round(address: SocketAddr, request: &[u8], span: Duration) -> Result<(f64, f64), Error> {
    let (stop, calls) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| call(address, request, &stop, &calls))).collect();
        thread::sleep(WARMING);
        let begun = (cpu_seconds(Loopback::THREADS), calls.load(Ordering::Relaxed));
        thread::sleep(span);
        let ended = (cpu_seconds(Loopback::THREADS), calls.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.join().map_err(|_| Error::corrupt("a caller panicked"))??;
        }
        Ok((f64::from(ended.1.wrapping_sub(begun.1).max(1)), ended.0 - begun.0))
    })
}

fn call(address: SocketAddr, request: &[u8], stop: &AtomicBool, calls: &AtomicU32) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::new(ErrorKind::Unavailable, error.to_string());
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    let mut buffer = vec![0; 1 << 16];
    while !stop.load(Ordering::Relaxed) {
        stream.write_all(request).map_err(failed)?;
        let mut have = 0;
        let accepted = loop {
            have += stream.read(buffer.get_mut(have..).unwrap_or_default()).map_err(failed)?;
            if let Some(accepted) = complete(buffer.get(..have).unwrap_or_default()) {
                break accepted;
            }
        };
        if !accepted {
            return Err(Error::corrupt("the server refused the bench's credential"));
        }
        calls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether a whole answer is there, and then whether it accepts.
fn complete(answer: &[u8]) -> Option<bool> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?.to_ascii_lowercase();
    let length: usize = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    let body = answer.get(end..end + length)?;
    Some(head.starts_with("http/1.1 200") && body.windows(15).any(|part| part == b"\"accepted\":true"))
}
