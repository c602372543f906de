//! Connections kept busy, for measuring a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;

use super::server::failed;
use crate::domain::error::Error;

/// Connections that one thread keeps busy, as load generators do: a thread for each would measure how they and the
/// server's take each other's turns.
#[derive(Clone)]
pub struct Load {
    address: SocketAddr,
    request: Arc<[u8]>,
    connections: usize,
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU32>,
}

impl Load {
    /// So many connections that send a request again and again.
    pub fn new(address: SocketAddr, request: Arc<[u8]>, connections: usize) -> Self {
        Self { address, request, connections, stop: Arc::default(), calls: Arc::default() }
    }

    /// Answers so far.
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Lets every connection end after the answer that it waits for.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Sends until [`Load::stop`]; fails when an answer does not accept, or a connection fails.
    pub fn run(&self) -> Result<(), Error> {
        let runtime = Builder::new_current_thread().enable_io().build().map_err(|error| failed(&error))?;
        runtime.block_on(async {
            let mut connections = JoinSet::new();
            for _ in 0..self.connections {
                connections.spawn(self.clone().call());
            }
            while let Some(ended) = connections.join_next().await {
                ended.map_err(|_| Error::corrupt("a connection panicked"))??;
            }
            Ok(())
        })
    }

    async fn call(self) -> Result<(), Error> {
        let mut stream = TcpStream::connect(self.address).await.map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        let mut buffer = vec![0; 1 << 16];
        while !self.stop.load(Ordering::Relaxed) {
            stream.write_all(&self.request).await.map_err(|error| failed(&error))?;
            if !answered(&mut stream, &mut buffer).await? {
                return Err(Error::corrupt("the server refused the bench's credential"));
            }
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Reads one answer: whether it accepts.
async fn answered(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<bool, Error> {
    let mut have = 0;
    loop {
        let read = stream.read(buffer.get_mut(have..).unwrap_or_default()).await.map_err(|error| failed(&error))?;
        if read == 0 {
            return Err(Error::corrupt("the server closed a connection"));
        }
        have += read;
        if let Some(accepted) = complete(buffer.get(..have).unwrap_or_default()) {
            return Ok(accepted);
        }
    }
}

/// Whether a whole answer is there, and then whether it accepts.
fn complete(answer: &[u8]) -> Option<bool> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?.to_ascii_lowercase();
    let length: usize = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    let body = answer.get(end..end + length)?;
    Some(head.starts_with("http/1.1 200") && body.windows(15).any(|part| part == b"\"accepted\":true"))
}
