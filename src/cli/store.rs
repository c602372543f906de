//! `certless store export|import|check`: the embedded store as a file of lines, and its own health.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use super::args::{StoreArgs, StoreCommand};
use super::output::{Output, file_error};
use super::{OK, REFUSED};
use crate::adapters::store::sled::{Options, SledStore};
use crate::adapters::store::{check, export};
use crate::app::open;
use crate::base::clock::{Clock, SystemClock};
use crate::domain::error::Error;

/// Works on a store that nobody else holds.
pub fn run(args: &StoreArgs, out: Output) -> Result<u8, Error> {
    let config = args.place.config()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    match &args.command {
        StoreCommand::Export { out: file } => {
            let store = open::store(&config, &clock)?;
            let instance = store.instance()?;
            let summary = export::export(store.rows(), &instance, target(file.as_deref())?)?;
            out.note(
                format!("已导出 {} 行，SHA-256 {}", summary.rows, summary.sha256),
                format!("Exported {} rows, SHA-256 {}", summary.rows, summary.sha256),
            );
        }
        StoreCommand::Import { file } => {
            let input = File::open(file).map_err(|error| file_error(file, &error))?;
            let summary = SledStore::import(&config.data.join("store"), &Options::default(), BufReader::new(input))?;
            out.say(format!("已导入 {} 行。", summary.rows), format!("Imported {} rows.", summary.rows));
        }
        StoreCommand::Check => {
            let store = open::store(&config, &clock)?;
            return Ok(report(&check::check(store.rows())?, out));
        }
    }
    Ok(OK)
}

fn target(file: Option<&Path>) -> Result<Box<dyn Write>, Error> {
    let Some(file) = file else { return Ok(Box::new(io::stdout().lock())) };
    let created = File::create(file).map_err(|error| file_error(file, &error))?;
    Ok(Box::new(BufWriter::new(created)))
}

fn report(report: &check::Report, out: Output) -> u8 {
    for (table, rows) in report.rows.iter().filter(|(_, rows)| **rows > 0) {
        out.line(format!("{table:20} {rows}"));
    }
    out.line(format!("{:20} {}", "log", report.log.size));
    for fault in &report.listed {
        out.line(format!("✗ {fault}"));
    }
    if report.faults == 0 {
        out.say("✓ 存储完好。", "✓ The store is sound.");
        return OK;
    }
    out.say(
        format!("✗ 发现 {} 处问题，请从备份恢复。", report.faults),
        format!("✗ {} faults. Restore from a backup.", report.faults),
    );
    REFUSED
}
