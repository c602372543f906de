//! `certless application archive CASE`: what is left of a case, in one file that proves itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OK;
use super::output::{Output, file_error, write_private};
use super::reach::{Reach, ReachArgs, console, settle_log};
use crate::base::id::ApplicationId;
use crate::domain::archive::Archive;
use crate::domain::city::City;
use crate::domain::error::Error;

/// Options of `application`.
#[derive(Args, Debug)]
pub struct ApplicationArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ApplicationCommand,
}

/// What to do with an application.
#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// Write its archive package (归档包): `certless verify` accepts it with the city's root key alone.
    Archive {
        /// The case number.
        #[arg(value_name = "CASE")]
        case: String,
        /// The file; the case number with .archive.json otherwise.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Where the city is.
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// Does what is asked for.
pub fn run(args: &ApplicationArgs, out: Output) -> Result<u8, Error> {
    let ApplicationCommand::Archive { case, out: file, reach } = &args.command;
    let id = ApplicationId::parse(case.trim())?;
    let bytes = match Reach::open(reach)? {
        Reach::Here(city) => here(&city, &id)?,
        Reach::There(client) => {
            let told = client.get(&format!("/api/applications/{id}/archive"))?;
            told.to_string().into_bytes()
        }
    };
    // What a server sent is an archive, or nothing is written.
    let members = Archive::parse(&bytes)?.members.len();
    let file = file.clone().unwrap_or_else(|| PathBuf::from(format!("{id}.archive.json")));
    // It names people.
    write_private(&file, &bytes).map_err(|error| file_error(&file, &error))?;
    let at = file.display();
    out.say(format!("已归档：{at}（{members} 项）"), format!("Archived: {at} ({members} members)"));
    Ok(OK)
}

/// The archive of a city whose data are open here; what is queued for the log is integrated first.
fn here(city: &City, id: &ApplicationId) -> Result<Vec<u8>, Error> {
    settle_log(city)?;
    Ok(city.archive(id, &console())?.to_bytes())
}
