//! `certless log watch URL --state FILE`: remembers the last checkpoint and holds the next one against it.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::reliance::Source;
use super::{WatchArgs, tell_fault};
use crate::adapters::log_files::LogFiles;
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::json::{Limits, Value, json, parse_object};
use crate::base::time::rfc3339;
use crate::cli::output::{Output, file_error, write_private};
use crate::cli::{FAILED, OK, REFUSED};
use crate::domain::error::Error;
use crate::domain::log_audit::Fault;
use crate::domain::log_audit::follow::{Head, consistent, head_at};
use crate::tlog::checkpoint::{Checkpoint, Policy};
use crate::tlog::note::VerifierKey;

/// Looks until something is wrong.
pub(super) fn run(args: &WatchArgs, out: Output) -> Result<u8, Error> {
    let files = LogFiles::open(&args.log, args.reliance.ca.as_deref())?;
    loop {
        let code = match look(args, &files) {
            Ok(Ok((before, head))) => {
                told(args, before, &head, out);
                OK
            }
            Ok(Err(fault)) => {
                alarm(args, &fault, out);
                return Ok(REFUSED);
            }
            Err(error) if args.once => return Err(error),
            Err(error) => {
                out.error(&error);
                FAILED
            }
        };
        if args.once {
            return Ok(code);
        }
        sleep(Duration::from_secs(args.every));
    }
}

/// One look: the size that was remembered and the head that is remembered now, or what is wrong.
fn look(args: &WatchArgs, files: &LogFiles) -> Result<Result<(Option<u64>, Head), Fault>, Error> {
    let known = State::read(&args.state)?;
    let mut relied = args.reliance.rely(files, Some(args.log.as_str()), &args.place.keys_folder())?;
    if let (Some(state), Source::Log) = (&known, &relied.source) {
        // The log is asked for no other key: the one of the first time is remembered.
        state.key.name().clone_into(&mut relied.policy.origin);
        relied.policy.logs = vec![state.key.clone().into()];
    }
    let policy = relied.policy;
    let before = known.as_ref().map(|state| state.checkpoint(&policy)).transpose()?;
    let head = match head_at(files, &policy, SystemClock.now())? {
        Ok(head) => head,
        Err(fault) => return Ok(Err(fault)),
    };
    if let Some(before) = &before
        && let Err(fault) = consistent(files, before, &head.checkpoint)?
    {
        return Ok(Err(fault));
    }
    if let Some(newest) = policy.logs.into_iter().next_back() {
        State { key: newest.key, note: head.note.clone() }.write(&args.state)?;
    }
    Ok(Ok((before.map(|before| before.size), head)))
}

/// What is remembered.
struct State {
    key: VerifierKey,
    note: String,
}

impl State {
    /// The remembered checkpoint, which one of the keys that are relied on has signed, or the one that was then.
    fn checkpoint(&self, policy: &Policy) -> Result<Checkpoint, Error> {
        let mut policy = policy.unwitnessed();
        if policy.origin == self.key.name() && policy.logs.iter().all(|log| log.key != self.key) {
            policy.logs.push(self.key.clone().into());
        }
        Ok(policy.open(&self.note)?.checkpoint)
    }

    fn read(file: &Path) -> Result<Option<Self>, Error> {
        let bytes = match fs::read(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| file_error(file, &error))?,
        };
        let state = parse_object(&bytes, &Limits::DEFAULT)?;
        let text = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or_default();
        Ok(Some(Self { key: VerifierKey::parse(text("key"))?, note: text("checkpoint").to_owned() }))
    }

    fn write(&self, file: &Path) -> Result<(), Error> {
        let state = json!({"key": self.key.to_string(), "checkpoint": self.note});
        write_private(file, format!("{state}\n").as_bytes()).map_err(|error| file_error(file, &error))
    }
}

fn told(args: &WatchArgs, before: Option<u64>, head: &Head, out: Output) {
    let size = head.checkpoint.size;
    if args.json {
        let at = rfc3339(SystemClock.now());
        out.line(json!({"at": at, "state": "consistent", "from": before, "size": size}).to_string());
    } else if before.is_none() {
        out.say(format!("已记住检查点（{size} 条）。"), format!("Remembered the checkpoint ({size} leaves)."));
    } else if before != Some(size) {
        let from = before.unwrap_or_default();
        out.say(format!("✓ 由 {from} 条续写至 {size} 条。"), format!("✓ Went on from {from} to {size} leaves."));
    } else if args.once {
        out.say(format!("✓ 仍是 {size} 条，没有改动。"), format!("✓ Still {size} leaves, unchanged."));
    }
}

fn alarm(args: &WatchArgs, fault: &Fault, out: Output) {
    if args.json {
        let at = rfc3339(SystemClock.now());
        let fault = fault.to_json();
        out.line(json!({"at": at, "state": "alarm", "fault": fault}).to_string());
    } else {
        tell_fault(fault, out);
        out.note(
            format!("警报：请保存 {}，其中有日志先前签署的检查点。", args.state.display()),
            format!("Alarm: keep {}; it holds the checkpoint that the log signed before.", args.state.display()),
        );
    }
}
