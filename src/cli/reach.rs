//! How a command reaches the city: its data on this machine, or a server that holds them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use super::args::Place;
use crate::adapters::client::{Client, error_of};
use crate::app::open;
use crate::base::id::{AgencyCode, CredentialId, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::domain::account::Author;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::Order;
use crate::domain::issuance::life::Act;
use crate::domain::pending::begin::Begun;
use crate::domain::ports::LOG_LEASE_TIME;

/// What a life is called that did not change yet.
pub const WAITS: &str = "waits";

/// Where the city is: on this machine, or behind a server.
#[derive(Args, Debug)]
pub struct ReachArgs {
    /// The city on this machine.
    #[command(flatten)]
    pub place: Place,
    /// The server that holds the city; https, or http on this machine.
    #[arg(long, global = true, value_name = "URL", requires = "token", conflicts_with_all = ["data", "keys", "config"])]
    pub server: Option<String>,
    /// File with the access token for the server.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub token: Option<PathBuf>,
    /// File with the certificate authority of that server, PEM; the public ones otherwise.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub ca: Option<PathBuf>,
}

/// The city as a command asks it.
pub enum Reach {
    /// Its data are open here; nobody else has them.
    Here(Box<City>),
    /// A server answers for it.
    There(Client),
}

/// A row on its way to the city.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Makes asking twice harmless.
    pub key: String,
    /// The cells, without the key.
    pub cells: Map,
}

/// What came of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Issued now.
    Issued(CredentialId),
    /// This very row was issued before.
    Before(CredentialId),
    /// Could be issued under this licence number; a dry run.
    Possible(String),
    /// Waits for a second person, as this action.
    Waits(String),
}

/// Moves what is queued into the log. A server that was cut off a moment ago still has its turn: that is waited for.
pub fn settle_log(city: &City) -> Result<(), Error> {
    let since = Instant::now();
    loop {
        match city.settle_log("console") {
            Err(error) if error.kind == ErrorKind::Unavailable && since.elapsed() <= LOG_LEASE_TIME => {
                std::thread::sleep(Duration::from_millis(100));
            }
            done => return done,
        }
    }
}

impl Reach {
    /// Opens the data, or the way to the server.
    pub fn open(args: &ReachArgs) -> Result<Self, Error> {
        if let (Some(server), Some(token)) = (&args.server, &args.token) {
            return Client::open(server, Some(token), args.ca.as_deref()).map(Self::There);
        }
        let config = args.place.city()?;
        config.check()?;
        open::city(&config).map(|city| Self::Here(Box::new(city)))
    }

    /// Issues rows, or only checks them; one answer each, in order. Fails when none could be asked.
    pub fn issue(
        &self,
        agency: &AgencyCode,
        type_code: &TypeCode,
        rows: Vec<Asked>,
        dry_run: bool,
    ) -> Result<Vec<Result<Outcome, Error>>, Error> {
        match self {
            Self::Here(city) => {
                let order = |row: Asked| Order {
                    agency: agency.clone(),
                    type_code: type_code.clone(),
                    row: row.cells,
                    key: Some(row.key),
                };
                Ok(issue_here(city, &rows.into_iter().map(order).collect::<Vec<_>>(), dry_run))
            }
            Self::There(client) => {
                let count = rows.len();
                let rows: Vec<Map> = rows.into_iter().map(keyed).collect();
                let body = json!({"agency": agency, "type": type_code, "rows": rows, "dryRun": dry_run});
                let answer = client.post("/api/credentials/batch", &body)?;
                let results = answer.get("rows").and_then(Value::as_array).filter(|rows| rows.len() == count);
                Ok(results.ok_or_else(|| strange("rows"))?.iter().map(outcome).collect())
            }
        }
    }

    /// The package of a credential, as JSON text.
    pub fn package(&self, id: &CredentialId) -> Result<Vec<u8>, Error> {
        match self {
            Self::Here(city) => city.credential(id)?.package.to_bytes(),
            Self::There(client) => {
                let answer = client.get(&format!("/api/credentials/{id}"))?;
                let package = answer.get("package").ok_or_else(|| strange("package"))?;
                Ok(package.to_string().into_bytes())
            }
        }
    }

    /// Changes the life of a credential; its status afterwards, `waits` when a second person is needed.
    pub fn change_life(&self, id: &CredentialId, act: Act, reason: &str) -> Result<String, Error> {
        match self {
            Self::Here(city) => {
                let agency = city.credential(id)?.head.agency;
                Ok(match city.begin_life(&agency, id, act, reason, &console())? {
                    Begun::Done(head) => head.life.name().to_owned(),
                    Begun::Waits(_) => WAITS.to_owned(),
                })
            }
            Self::There(client) => {
                let path = format!("/api/credentials/{id}/{}", act.name());
                let answer = client.post(&path, &json!({"reason": reason}))?;
                if answer.get("pending").is_some() {
                    return Ok(WAITS.to_owned());
                }
                answer.get("status").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| strange("status"))
            }
        }
    }
}

fn issue_here(city: &City, orders: &[Order], dry_run: bool) -> Vec<Result<Outcome, Error>> {
    if dry_run {
        return orders.iter().map(|order| Ok(Outcome::Possible(city.check_order(order)?.number))).collect();
    }
    let told = city.begin_issue_each(orders, &console()).into_iter().map(|answer| {
        answer.map(|begun| match begun {
            Begun::Done(one) if one.again => Outcome::Before(one.id),
            Begun::Done(one) => Outcome::Issued(one.id),
            Begun::Waits(pending) => Outcome::Waits(pending.head.id.to_string()),
        })
    });
    told.collect()
}

/// Who acts when the city's data are open here.
pub fn console() -> Author {
    Author::Token("console".to_owned())
}

fn keyed(row: Asked) -> Map {
    let mut cells = row.cells;
    cells.insert("rowKey".to_owned(), row.key.into());
    cells
}

/// One row of the server's answer.
fn outcome(row: &Value) -> Result<Outcome, Error> {
    if let Some(problem) = row.get("problem") {
        return Err(problem.as_object().map_or_else(|| strange("problem"), error_of));
    }
    if let Some(number) = row.get("number").and_then(Value::as_str) {
        return Ok(Outcome::Possible(number.to_owned()));
    }
    if let Some(id) = row.pointer("/pending/id").and_then(Value::as_str) {
        return Ok(Outcome::Waits(id.to_owned()));
    }
    let id = row.get("id").and_then(Value::as_str).ok_or_else(|| strange("id"))?;
    let id = CredentialId::parse(id)?;
    let again = row.get("again").and_then(Value::as_bool).ok_or_else(|| strange("again"))?;
    Ok(if again { Outcome::Before(id) } else { Outcome::Issued(id) })
}

fn strange(member: &str) -> Error {
    Error::corrupt(format!("the server's answer has no {member}")).says(
        "服务器的应答不完整，请核对网址和版本。",
        "The server's answer is not complete. Check its address and version.",
    )
}
