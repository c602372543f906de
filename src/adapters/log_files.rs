//! A log as files: read from a folder or a web server, and written into a folder that any web server can carry.
//!
//! What is written stands under its name whole or not at all; [`copy`](crate::domain::log_audit::copy) says in which order.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::client::Client;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::log_audit::Files;
use crate::domain::log_audit::copy::Target;

/// Longest file that is read, bytes: a bundle of 256 entries of 64 KiB.
const MOST: u64 = 17 << 20;

/// Where a log is.
pub enum LogFiles {
    /// A folder.
    Folder(PathBuf),
    /// A web server, and the path of the log on it.
    Server(Client, String),
}

impl LogFiles {
    /// A folder, or an address: `https://host` is the log at `/log` of a city; one with a path, were it only `/`, the log
    /// itself.
    pub fn open(place: &str, ca: Option<&Path>) -> Result<Self, Error> {
        let Some((scheme, rest)) = place.split_once("://") else { return Ok(Self::Folder(PathBuf::from(place))) };
        let (host, path) = match rest.split_once('/') {
            None => (rest, "/log".to_owned()),
            Some((host, path)) => (host, format!("/{path}").trim_end_matches('/').to_owned()),
        };
        Ok(Self::Server(Client::open(&format!("{scheme}://{host}"), None, ca)?, path))
    }

    /// The public documents of the city whose log is at an address.
    pub fn city(place: &str, ca: Option<&Path>) -> Result<Self, Error> {
        let (scheme, rest) = place.split_once("://").unwrap_or(("https", place));
        let host = rest.split('/').next().unwrap_or_default();
        Ok(Self::Server(Client::open(&format!("{scheme}://{host}"), None, ca)?, String::new()))
    }
}

impl Files for LogFiles {
    fn read(&self, path: &str, accept: &str) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                match fs::metadata(&file) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Ok(known) if known.len() > MOST => Err(failed(&file, &io::ErrorKind::FileTooLarge.into())),
                    _ => fs::read(&file).map(Some).map_err(|error| failed(&file, &error)),
                }
            }
            Self::Server(client, base) => client.document(&format!("{base}/{path}"), accept),
        }
    }

    fn breadth(&self) -> usize {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        match self {
            Self::Folder(_) => threads,
            Self::Server(..) => threads.max(8),
        }
    }
}

/// A folder that a log is exported into.
pub struct LogFolder {
    folder: PathBuf,
    /// The step that fails, in tests of crashes.
    fail: Option<u32>,
    steps: u32,
}

impl LogFolder {
    /// The folder, made if it is not there.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), fail: None, steps: 0 })
    }

    /// Lets the step with this number fail: writing and naming of a file, and every settling, are one step each.
    #[must_use]
    pub fn failing_at(mut self, step: u32) -> Self {
        self.fail = Some(step);
        self
    }

    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        if self.fail == Some(self.steps) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }

    fn put(&mut self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let fresh = file.with_file_name(name);
        self.step()?;
        fs::create_dir_all(file.parent().unwrap_or(&self.folder))?;
        File::create(&fresh)?.write_all(bytes)?;
        self.step()?;
        fs::rename(&fresh, file)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.step()?;
        Ok(rustix::fs::syncfs(File::open(&self.folder)?)?)
    }
}

impl Target for LogFolder {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        LogFiles::Folder(self.folder.clone()).read(path, "")
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let file = self.folder.join(path);
        self.put(&file, bytes).map_err(|error| failed(&file, &error))
    }

    fn settle(&mut self) -> Result<(), Error> {
        self.sync().map_err(|error| failed(&self.folder, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    Error::new(ErrorKind::Unavailable, format!("{name}: {error}"))
        .says(format!("无法读写 {name}（{error}）。"), format!("Cannot read or write {name} ({error})."))
}
