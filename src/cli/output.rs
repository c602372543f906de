//! What commands print: answers on the standard output, errors and progress on the standard error output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};

/// Prints in one language.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The language of the caller.
    pub lang: Lang,
}

impl Output {
    /// One of two texts, as a line on the standard output. A closed pipe ends the line, not the program.
    pub fn say(&self, zh: impl AsRef<str>, en: impl AsRef<str>) {
        self.line(self.lang.pick(zh.as_ref(), en.as_ref()));
    }

    /// A line on the standard output.
    pub fn line(&self, text: impl AsRef<str>) {
        let _ = writeln!(io::stdout().lock(), "{}", text.as_ref());
    }

    /// A line on the standard error output.
    pub fn note(&self, zh: impl AsRef<str>, en: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "{}", self.lang.pick(zh.as_ref(), en.as_ref()));
    }

    /// An error: the sentence for people, single reasons, and the technical detail where it says more.
    pub fn error(&self, error: &Error) {
        let mut stderr = io::stderr().lock();
        let _ = writeln!(stderr, "{}{}", self.lang.pick("错误：", "Error: "), error.sentence(self.lang));
        for reason in &error.reasons {
            let _ = writeln!(stderr, "  {}: {}", reason.field, reason.message.get(self.lang));
        }
        if error.message.is_none() {
            let _ = writeln!(stderr, "  {}", error.detail);
        }
    }

    /// A bar for `total` steps; nothing is drawn when the standard error output is no terminal.
    pub fn progress(&self, total: usize, zh: &str, en: &str) -> ProgressBar {
        let template = "{msg} {bar:30} {pos}/{len} {per_sec} {eta}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total as u64).with_style(style);
        bar.set_message(self.lang.pick(zh, en).to_owned());
        bar
    }
}

/// An input or output error of the standard streams.
pub fn broken_pipe(error: &io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

/// A file that cannot be read or written, with what to do.
pub fn file_error(path: &Path, error: &io::Error) -> Error {
    let name = path.display();
    Error::new(ErrorKind::NotFound, format!("{name}: {error}"))
        .says(format!("无法读写文件 {name}：{error}。"), format!("Cannot read or write {name}: {error}."))
}

/// A whole file; one byte more than `most` is read, so that a longer file shows.
pub fn read_file(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A fresh file that only its owner reads, in place of one that may be there.
pub fn create_private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a file that only its owner reads: the whole of it, or what was there before.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    create_private(&fresh)?.write_all(bytes)?;
    fs::rename(&fresh, path)
}
