//! `certless token`: makes a bearer token for an agency, a window or the operator; it is shown once.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

use super::OK;
use super::args::{TokenArgs, TokenRole};
use super::output::{Output, file_error};
use crate::app::open;
use crate::domain::agency::Agencies;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::token::Role;

/// Makes the token and prints it, or writes it to a file that only its owner reads.
pub fn run(args: &TokenArgs, out: Output) -> Result<u8, Error> {
    let role = role(args)?;
    let city = open::city(&args.place.city()?)?;
    let token = city.new_token(role, &args.label)?;
    let Some(path) = &args.out else {
        out.line(token);
        return Ok(OK);
    };
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let written = created.and_then(|mut file| {
        writeln!(file, "{token}")?;
        file.sync_all()
    });
    written.map_err(|error| file_error(path, &error))?;
    out.say(format!("令牌已写入 {}。", path.display()), format!("The token is in {}.", path.display()));
    Ok(OK)
}

fn role(args: &TokenArgs) -> Result<Role, Error> {
    let agency = || {
        let code = args.agency.as_ref().filter(|code| Agencies::shipped().is_ok_and(|all| all.find(code).is_some()));
        code.cloned().ok_or_else(|| {
            Error::new(ErrorKind::Refused, "no such agency")
                .says("请用 --agency 指明机关。", "Name an agency of the city with --agency.")
        })
    };
    Ok(match args.role {
        TokenRole::Agency => Role::Agency { agency: agency()? },
        TokenRole::Window => Role::Window { agency: agency()? },
        TokenRole::Operator => Role::Operator,
    })
}
