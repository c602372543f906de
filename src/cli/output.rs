//! What commands print: answers on the standard output, errors and progress on the standard error output.

use std::io::{self, Write};

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
pub fn broken_pipe(error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

/// A file that cannot be read or written, with what to do.
pub fn file_error(path: &std::path::Path, error: &io::Error) -> Error {
    let name = path.display();
    Error::new(ErrorKind::NotFound, format!("{name}: {error}"))
        .says(format!("无法读写文件 {name}：{error}。"), format!("Cannot read or write {name}: {error}."))
}
