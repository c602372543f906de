//! Where a command writes and in which language: the process's streams, or buffers in a test.

use std::io::{self, Write};
use std::path::Path;

use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};

/// Two streams and a language.
pub struct Console<'a> {
    /// The language of the caller.
    pub lang: Lang,
    /// What other programs read.
    pub answers: &'a mut dyn Write,
    /// What people read beside it.
    pub notes: &'a mut dyn Write,
}

impl Console<'_> {
    /// A line of the answer; whoever reads no further has had enough.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), Error> {
        written(writeln!(self.answers, "{}", text.as_ref()))
    }

    /// A note for people, in their language.
    pub fn note(&mut self, zh: impl AsRef<str>, en: impl AsRef<str>) -> Result<(), Error> {
        written(writeln!(self.notes, "{}", self.lang.pick(zh.as_ref(), en.as_ref())))
    }
}

/// What came of writing to a stream: a closed pipe is no error.
pub fn written(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(stream_error(&error)),
        _ => Ok(()),
    }
}

/// A standard stream that cannot be read or written.
pub fn stream_error(error: &io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

/// A file that cannot be read or written, by name.
pub fn file_error(path: &Path, error: &io::Error) -> Error {
    let kind = if error.kind() == io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Unavailable };
    let detail = format!("{}: {error}", path.display());
    Error::new(kind, detail.clone())
        .says(format!("无法读写文件 {detail}。"), format!("The file cannot be read or written: {detail}."))
}
