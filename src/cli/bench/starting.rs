//! From the start of the process to `ready`, and its memory, with the demo city's licences in the store.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Figure;
use crate::domain::error::{Error, ErrorKind};

/// Where the measured process listens.
const ADDRESS: &str = "127.0.0.1:18643";

pub(super) fn measure(folder: &Path) -> Result<Vec<Figure>, Error> {
    let first = start(folder)?;
    let filled = wait(first, Duration::from_mins(5))?;
    let again = start(folder)?;
    let ready = wait(again, Duration::from_mins(1))?;
    Ok(vec![
        Figure::plain("demo city made, issued and ready", format!("{:.1} s", filled.0)),
        Figure::at_most("start to ready with its licences", ready.0, "s", 1.0, "≤ 1 s"),
        Figure::at_most("  resident memory then", ready.1, "MB", 100.0, "≤ 100 MB"),
    ])
}

fn start(folder: &Path) -> Result<(Child, Instant), Error> {
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let child = Command::new(program)
        .args(["demo", "--listen", ADDRESS, "--data"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error))?;
    Ok((child, Instant::now()))
}

/// Seconds until ready and megabytes resident then; the process is ended.
fn wait((mut child, begun): (Child, Instant), most: Duration) -> Result<(f64, f64), Error> {
    while !ready() {
        if most < begun.elapsed() || !matches!(child.try_wait(), Ok(None)) {
            drop(child.kill());
            return Err(Error::new(ErrorKind::Unavailable, "the measured process did not become ready"));
        }
        thread::sleep(Duration::from_millis(5));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kilobytes: f64 = resident.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    child.kill().and_then(|()| child.wait()).map_err(|error| failed(&error))?;
    Ok((seconds, kilobytes / 1024.0))
}

fn ready() -> bool {
    let Ok(mut stream) = TcpStream::connect(ADDRESS) else { return false };
    let mut answer = Vec::new();
    let asked = stream.write_all(b"GET /ready HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n");
    asked.is_ok() && stream.read_to_end(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

fn failed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}
