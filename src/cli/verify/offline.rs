//! `certless verify --bundle`: without a network, by a bundle; what is accepted goes into a journal that is reconciled later.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{Told, clock, local, policy, read, registry, tell};
use crate::app::verifier::Verifier;
use crate::base::random::SystemRandom;
use crate::base::time::Timestamp;
use crate::cli::args::VerifyArgs;
use crate::cli::output::{Output, file_error};
use crate::cli::{OK, REFUSED};
use crate::domain::error::Error;
use crate::domain::trust::journal::{self, End, Line};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::Outcome;

/// Verifies every input by the bundle that was named.
pub(super) fn run(args: &VerifyArgs, out: Output) -> Result<u8, Error> {
    let bundle = args.bundle.as_deref().unwrap_or(Path::new(""));
    let (root, folder) = (args.root.as_deref(), args.city.data.as_path());
    let (verifier, made) = Verifier::offline(bundle, root, &registry(args), folder, clock(args)?)?;
    let log = args.log.evidence(verifier.logs())?;
    let mut code = OK;
    for input in &args.inputs {
        let input = read(input)?;
        let lines = args.journal.as_deref().filter(|_| args.accept).map(lines).transpose()?;
        let mut outcome = local(&verifier, &policy(args, &verifier, log.as_ref()), &input)?;
        if let (Some(lines), Some(file)) = (&lines, &args.journal) {
            refuse_used(&mut outcome, lines);
            let place = args.place.as_deref().unwrap_or_default();
            note(&outcome, lines, file, place, made, verifier.city.now())?;
        }
        if !args.json {
            let age = super::age(verifier.city.now().as_second().saturating_sub(made.as_second()), out.lang);
            out.say(format!("离线核验（核验包制于 {age}前）"), format!("Without a network (bundle made {age} ago)"));
        }
        let one = tell(&Told::Verdict(Box::new(outcome.verdict)), args.json, out);
        code = if code == REFUSED || one == REFUSED { REFUSED } else { code.max(one) };
    }
    Ok(code)
}

/// The lines of a journal; none for one that is to be begun.
fn lines(file: &Path) -> Result<Vec<Line>, Error> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    journal::read(&fs::read_to_string(file).map_err(|error| file_error(file, &error))?)
}

/// Refuses what the journal says was accepted before: it outlives the memory of codes that have ended.
fn refuse_used(outcome: &mut Outcome, lines: &[Line]) {
    let once = outcome.verified.as_ref().and_then(|verified| verified.once);
    let once = once.map(|once| crate::base::bytes::hex(&once.digest));
    if once.is_some() && lines.iter().any(|line| line.entry.once == once) {
        outcome.refuse(Finding::invalid(Check::Freshness, Code::Replayed, "in the journal"));
    }
}

/// Adds what was accepted to the journal, durably, before the verdict is told.
fn note(
    outcome: &Outcome,
    lines: &[Line],
    file: &Path,
    place: &str,
    made: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(verified) = &outcome.verified else { return Ok(()) };
    let end = End::of(lines).unwrap_or_else(|| End::new(&SystemRandom));
    let mut line = end.line(verified, place, made, now)?;
    line.push(b'\n');
    let failed = |error| file_error(file, &error);
    let mut journal = OpenOptions::new().create(true).append(true).mode(0o600).open(file).map_err(failed)?;
    journal.write_all(&line).map_err(failed)?;
    journal.sync_all().map_err(failed)
}
