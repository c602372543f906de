//! `certless store export|import|check`: the store as a file of lines, and its own health; of a city nobody else holds, or
//! through the server that holds it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{StoreArgs, StoreCommand};
use super::output::{Output, create_private, file_error};
use super::{OK, REFUSED};
use crate::adapters::client::Client;
use crate::adapters::store::sled::{Options, SledStore};
use crate::app::open;
use crate::base::bytes::hex;
use crate::base::clock::{Clock, SystemClock};
use crate::base::json::{Limits, Value, parse, parse_object};
use crate::crypto::digest::Running;
use crate::domain::backup::Snapshot;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Store as _, StoreError};
use crate::http::store::report_json;

/// Longest line of an export and longest report of a check, bytes.
const MOST_LINE: u64 = 1 << 20;

/// Works on the store here, or asks the server that holds it.
pub fn run(args: &StoreArgs, out: Output) -> Result<u8, Error> {
    match (&args.command, &args.holder.server) {
        (StoreCommand::Export { out: file }, server) => {
            let written = write_export(file.as_deref(), &|target| match server {
                Some(server) => fetch_export(&client(server, args)?, target),
                None => here(args, |store| store.export(target)).map(|summary| (summary.rows, summary.sha256)),
            })?;
            if let Some((rows, sha256)) = written {
                out.note(
                    format!("已导出 {rows} 行，SHA-256 {sha256}"),
                    format!("Exported {rows} rows, SHA-256 {sha256}"),
                );
            }
            Ok(OK)
        }
        (StoreCommand::Import { .. }, Some(_)) => Err(Error::malformed("import through a server").says(
            "导入只能在没有存储的数据目录上进行：请停止服务器，用 --data 指定空目录。",
            "An import makes a new store: stop the server, and name an empty folder with --data.",
        )),
        (StoreCommand::Import { file }, None) => import(args, file, out),
        (StoreCommand::Check, Some(server)) => {
            let report = client(server, args)?.stream("/api/store/check")?;
            let mut text = Vec::new();
            report.take(MOST_LINE).read_to_end(&mut text).map_err(|error| cut_short(&error))?;
            let limits = Limits { bytes: text.len(), ..Limits::DEFAULT };
            Ok(tell(&parse(&text, &limits)?, out))
        }
        (StoreCommand::Check, None) => Ok(tell(&report_json(&here(args, |store| store.check())?), out)),
    }
}

fn client(server: &str, args: &StoreArgs) -> Result<Client, Error> {
    Client::open(server, args.holder.token.as_deref(), args.holder.ca.as_deref())
}

/// Asks the store on this machine, which nobody else holds meanwhile.
fn here<T>(args: &StoreArgs, ask: impl FnOnce(&dyn Snapshot) -> Result<T, StoreError>) -> Result<T, Error> {
    let config = args.place.city()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = open::store(&config, &clock)?;
    let snapshot = store.snapshot()?;
    Ok(ask(snapshot.as_ref())?)
}

fn import(args: &StoreArgs, file: &Path, out: Output) -> Result<u8, Error> {
    let store = args.place.config()?.data.join("store");
    if fs::read_dir(&store).is_ok_and(|mut entries| entries.next().is_some()) {
        let name = store.display();
        return Err(Error::new(ErrorKind::Conflict, format!("{name} is not empty")).says(
            format!("{name} 中已有存储，导入不会覆盖它。请用 --data 指定空目录。"),
            format!("{name} holds a store, which an import does not overwrite. Name an empty folder with --data."),
        ));
    }
    let input = File::open(file).map_err(|error| file_error(file, &error))?;
    let summary = SledStore::import(&store, &Options::default(), BufReader::new(input))?;
    out.say(format!("已导入 {} 行。", summary.rows), format!("Imported {} rows.", summary.rows));
    Ok(OK)
}

/// Rows and digest of what was written.
type Written = (u64, String);

/// Writes an export to a file that only its owner reads and that is there only when whole, or to the standard output, whose
/// reader may have had enough: `None`.
fn write_export(
    file: Option<&Path>,
    export: &dyn Fn(&mut dyn Write) -> Result<Written, Error>,
) -> Result<Option<Written>, Error> {
    let Some(file) = file else {
        let mut pipe = Pipe { to: io::stdout().lock(), closed: false };
        let written = export(&mut pipe);
        return if pipe.closed { Ok(None) } else { written.map(Some) };
    };
    let fresh = fresh_name(file);
    let failed = |error: io::Error| file_error(file, &error);
    let mut target = BufWriter::new(create_private(&fresh).map_err(failed)?);
    let written = export(&mut target).and_then(|written| {
        let inner = target.into_inner().map_err(|error| failed(error.into_error()))?;
        inner.sync_all().and_then(|()| fs::rename(&fresh, file)).map_err(failed)?;
        Ok(Some(written))
    });
    written.inspect_err(|_| drop(fs::remove_file(&fresh)))
}

/// The standard output, and whether its reader has gone.
struct Pipe<W> {
    to: W,
    closed: bool,
}

impl<W: Write> Pipe<W> {
    fn seen<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| self.closed |= error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes);
        self.seen(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.to.flush();
        self.seen(flushed)
    }
}

fn fresh_name(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    file.with_file_name(name)
}

/// Passes a server's export on and holds it against its last line.
fn fetch_export(client: &Client, target: &mut dyn Write) -> Result<Written, Error> {
    let mut lines = BufReader::new(client.stream("/api/store/export")?);
    let (mut digest, mut rows) = (Running::default(), 0_u64);
    loop {
        let mut line = Vec::new();
        let read = lines.by_ref().take(MOST_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| cut_short(&error))?;
        if !line.ends_with(b"\n") {
            return Err(cut_short(&io::ErrorKind::UnexpectedEof.into()));
        }
        target.write_all(&line).map_err(|error| super::output::broken_pipe(&error))?;
        if line.starts_with(b"{\"end\":") {
            let end = parse_object(&line, &Limits::DEFAULT)?;
            // The first line is the head.
            let (rows, sha256) = (rows.saturating_sub(1), hex(&digest.finish()));
            let whole = end.get("rows").and_then(Value::as_u64) == Some(rows)
                && end.get("sha256").and_then(Value::as_str) == Some(&sha256);
            return if whole { Ok((rows, sha256)) } else { Err(cut_short(&io::ErrorKind::InvalidData.into())) };
        }
        digest.update(&line);
        rows += 1;
    }
}

fn cut_short(error: &io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the answer is not whole: {error}")).says(
        "服务器的应答不完整，未得到可用的结果。请稍后再试；原因见服务器日志。",
        "The server's answer is not whole and of no use. Try again; the server's log says why.",
    )
}

/// Prints what a check found.
fn tell(report: &Value, out: Output) -> u8 {
    let rows = report.get("rows").and_then(Value::as_object).into_iter().flatten();
    for (table, rows) in rows.filter_map(|(table, rows)| Some((table, rows.as_u64().filter(|rows| *rows > 0)?))) {
        out.line(format!("{table:20} {rows}"));
    }
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64);
    out.line(format!("{:20} {}", "log", number("/log/size").unwrap_or_default()));
    for fault in report.get("listed").and_then(Value::as_array).into_iter().flatten() {
        out.line(format!("✗ {}", fault.as_str().unwrap_or_default()));
    }
    match number("/faults") {
        Some(0) => {
            out.say("✓ 存储完好。", "✓ The store is sound.");
            OK
        }
        faults => {
            let faults = faults.map_or_else(|| "?".to_owned(), |faults| faults.to_string());
            out.say(
                format!("✗ 发现 {faults} 处问题，请从备份恢复。"),
                format!("✗ {faults} faults. Restore from a backup."),
            );
            REFUSED
        }
    }
}
