//! What a run of `issue` tells and writes: a line a row, the credentials, the file of refused rows, the sums.
//!
//! On a terminal the bar stands for the rows that went, and only the others are listed; in a pipe every row is.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use indicatif::ProgressBar;

use super::IssueArgs;
use crate::base::id::CredentialId;
use crate::base::json::Value;
use crate::base::text::Lang;
use crate::cli::output::{Output, create_private, file_error, write_private};
use crate::cli::reach::{Outcome, Reach};
use crate::cli::{OK, REFUSED};
use crate::domain::error::{Error, ErrorKind, Reason};
use crate::wire::table::{REASON_COLUMNS, Row};

/// One run.
pub(super) struct Report {
    out: Output,
    bar: ProgressBar,
    every_row: bool,
    folder: Option<PathBuf>,
    dry_run: bool,
    columns: Vec<String>,
    errors: PathBuf,
    refusals: Option<csv::Writer<File>>,
    issued: usize,
    refused: usize,
    before: usize,
    waiting: usize,
    stopped: Option<Error>,
}

impl Report {
    /// Begins a run of so many rows.
    pub(super) fn start(args: &IssueArgs, columns: Vec<String>, rows: usize, out: Output) -> Result<Self, Error> {
        if let Some(folder) = &args.out {
            fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
        }
        let mut name = args.input.file_name().unwrap_or_default().to_owned();
        name.push(".errors.csv");
        let errors = args.out.as_ref().map_or_else(|| args.input.with_file_name(&name), |folder| folder.join(&name));
        let bar = if args.dry_run {
            out.progress(rows, "检查", "Checking")
        } else {
            out.progress(rows, "签发", "Issuing")
        };
        Ok(Self {
            out,
            bar,
            every_row: !io::stdout().is_terminal(),
            folder: args.out.clone(),
            dry_run: args.dry_run,
            columns,
            errors,
            refusals: None,
            issued: 0,
            refused: 0,
            before: 0,
            waiting: 0,
            stopped: None,
        })
    }

    /// Tells what came of a row.
    pub(super) fn row(&mut self, row: &Row, answer: Result<Outcome, Error>, reach: &Reach) -> Result<(), Error> {
        let line = row.line;
        match answer {
            Ok(Outcome::Issued(id)) => {
                self.issued += 1;
                self.keep(&id, reach)?;
                self.went(format!("第 {line} 行  已签发  {id}"), format!("row {line}  issued  {id}"));
            }
            Ok(Outcome::Before(id)) => {
                self.before += 1;
                self.keep(&id, reach)?;
                self.went(format!("第 {line} 行  此前已签发  {id}"), format!("row {line}  issued before  {id}"));
            }
            Ok(Outcome::Possible(_)) => {
                self.issued += 1;
                self.went(format!("第 {line} 行  可签发"), format!("row {line}  can be issued"));
            }
            Ok(Outcome::Waits(id)) => {
                self.waiting += 1;
                self.went(
                    format!("第 {line} 行  待双人复核  {id}"),
                    format!("row {line}  waits for a second person  {id}"),
                );
            }
            Err(error) if concerns_all(error.kind) => {
                self.stopped.get_or_insert(error);
                return Ok(());
            }
            Err(error) => self.refuse(row, &error)?,
        }
        self.bar.inc(1);
        Ok(())
    }

    /// Why going on is of no use.
    pub(super) fn stopped(&mut self) -> Option<Error> {
        self.stopped.take()
    }

    /// Ends a run that could not be done, with the sums so far.
    pub(super) fn stop(mut self, error: Error) -> Result<u8, Error> {
        self.bar.finish_and_clear();
        if self.issued + self.refused + self.before + self.waiting > 0 {
            self.sums()?;
            self.out.note(
                "未全部完成。排除故障后再次执行同一命令即可，已签发的不会重复签发。",
                "Not all rows were done. Mend what is told below and run the same command again; nothing is issued twice.",
            );
        }
        Err(error)
    }

    /// Ends a run: the sums, and what to do about refused rows.
    pub(super) fn finish(mut self) -> Result<u8, Error> {
        self.bar.finish_and_clear();
        self.sums()?;
        if self.refused == 0 {
            remove_stale(&self.errors)?;
            return Ok(OK);
        }
        let errors = self.errors.display();
        self.out.note(
            format!("未签发的行及原因：{errors}。修改后可直接签发该文件。"),
            format!("Refused rows with their reasons: {errors}. Mend them there and issue that file."),
        );
        Ok(REFUSED)
    }

    fn sums(&mut self) -> Result<(), Error> {
        if let Some(mut writer) = self.refusals.take() {
            writer.flush().map_err(|error| file_error(&self.errors, &error))?;
        }
        let Self { issued, refused, before, .. } = *self;
        if self.dry_run {
            self.out.say(
                format!("可签发 {issued}，不可签发 {refused}（仅检查，未签发）"),
                format!("{issued} can be issued, {refused} refused (checked only; nothing was issued)"),
            );
        } else {
            self.out.say(
                format!("已签发 {issued}，未签发 {refused}，此前已签发 {before}"),
                format!("{issued} issued, {refused} refused, {before} issued before"),
            );
        }
        Ok(())
    }

    fn went(&self, zh: String, en: String) {
        if self.every_row {
            self.bar.suspend(|| self.out.say(zh, en));
        }
    }

    /// Writes the package of a credential, where a folder is given.
    fn keep(&self, id: &CredentialId, reach: &Reach) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join(format!("{id}.json"));
        write_private(&path, &reach.package(id)?).map_err(|error| file_error(&path, &error))
    }

    fn refuse(&mut self, row: &Row, error: &Error) -> Result<(), Error> {
        self.refused += 1;
        let line = row.line;
        let reasons = reasons(error);
        let told = |lang: Lang| -> String { reasons.iter().map(|reason| sentence(reason, lang)).collect() };
        self.bar.suspend(|| {
            self.out.say(
                format!("第 {line} 行  未签发{}", told(Lang::Zh)),
                format!("row {line}  refused{}", told(Lang::En)),
            );
        });
        let listed = |part: fn(&Reason) -> &str| reasons.iter().map(part).collect::<Vec<_>>().join("; ");
        let mut record = vec![
            line.to_string(),
            listed(|reason| &reason.field),
            listed(|reason| &reason.code),
            listed(|reason| &reason.message.zh),
            listed(|reason| &reason.message.en),
        ];
        record.extend(self.columns.iter().map(|column| row.cells.get(column).map(plain).unwrap_or_default()));
        self.write(&record)
    }

    fn write(&mut self, record: &[String]) -> Result<(), Error> {
        let failed = |error: csv::Error| file_error(&self.errors, &error.into());
        if self.refusals.is_none() {
            let mut file = create_private(&self.errors).map_err(|error| file_error(&self.errors, &error))?;
            // Spreadsheets take a CSV file for UTF-8 only with the mark.
            file.write_all("\u{feff}".as_bytes()).map_err(|error| file_error(&self.errors, &error))?;
            let mut writer = csv::Writer::from_writer(file);
            let heading = REASON_COLUMNS.into_iter().chain(self.columns.iter().map(String::as_str));
            writer.write_record(heading).map_err(failed)?;
            self.refusals = Some(writer);
        }
        match &mut self.refusals {
            Some(writer) => writer.write_record(record).map_err(failed),
            None => Ok(()),
        }
    }
}

/// Whether an error is not the row's own.
fn concerns_all(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Malformed
        | ErrorKind::Refused
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::AlreadyUsed
        | ErrorKind::NotVerified
        | ErrorKind::TooLarge => false,
        ErrorKind::WrongMethod
        | ErrorKind::Unauthenticated
        | ErrorKind::NotAllowed
        | ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::Full
        | ErrorKind::Unknown
        | ErrorKind::Internal => true,
    }
}

/// The single reasons; an error without any is one.
fn reasons(error: &Error) -> Vec<Reason> {
    if !error.reasons.is_empty() {
        return error.reasons.clone();
    }
    let message = crate::base::text::Label::new(error.sentence(Lang::Zh), error.sentence(Lang::En));
    vec![Reason { field: String::new(), code: error.kind.code().to_owned(), message }]
}

fn sentence(reason: &Reason, lang: Lang) -> String {
    let space = if reason.field.is_empty() { "" } else { " " };
    format!("  {}{space}[{}] {}", reason.field, reason.code, reason.message.get(lang))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The file of an earlier run would tell of rows that are no longer refused.
fn remove_stale(path: &std::path::Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path, &error)),
        _ => Ok(()),
    }
}
