//! `certless issue`: the rows of a file become credentials, or are told why not.
//!
//! Running it again is harmless: every row has a key — its column `rowKey`, else the digest of its content — and a row
//! that was issued is not issued twice. A file of refused rows, mended, can itself be issued: the columns that say why
//! are passed over.

mod report;

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Output, file_error};
use super::reach::{Asked, Reach, ReachArgs};
use crate::base::id::{AgencyCode, TypeCode};
use crate::domain::agency::Agencies;
use crate::domain::catalogue::Catalogue;
use crate::domain::error::{Error, ErrorKind, Reason};
use crate::domain::holder;
use crate::wire::table::{self, Fault, Format, ROW_KEY, Row, Table};
use report::Report;

/// Most rows that go to the city at once.
const CHUNK: usize = 256;
/// Most bytes, roughly, that go to the city at once.
const CHUNK_BYTES: usize = 4 << 20;
/// The column with a holder's key.
const HOLDER_KEY: &str = "holderKey";

/// Options of `issue`.
#[derive(Args, Debug)]
pub struct IssueArgs {
    /// The agency, as GA.
    #[arg(long, value_name = "CODE")]
    pub agency: AgencyCode,
    /// The credential type, as idCard.
    #[arg(long = "type", value_name = "TYPE")]
    pub type_code: TypeCode,
    /// The rows: .csv, .xlsx, .json or .jsonl. The column rowKey, where there is one, is a row's key.
    #[arg(long = "in", value_name = "FILE")]
    pub input: PathBuf,
    /// Folder for the credentials, one file each; and for the file of refused rows, otherwise beside the input.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Check every row, issue none.
    #[arg(long)]
    pub dry_run: bool,
    /// The holder's public key (JWK, did:key or did:jwk) for rows that bring none.
    #[arg(long, value_name = "KEY")]
    pub holder_key: Option<String>,
    /// Where the city is.
    #[command(flatten)]
    pub reach: ReachArgs,
}

/// Issues the rows: 0 when all went, 1 when some were refused; an error when it could not be done.
pub fn run(args: &IssueArgs, out: Output) -> Result<u8, Error> {
    check_names(args)?;
    let mut table = read(&args.input)?;
    table.drop_reasons();
    let reach = Reach::open(&args.reach)?;
    let mut report = Report::start(args, table.columns, table.rows.len(), out)?;
    let mut rows = table.rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk = next_chunk(&mut rows);
        let (whole, faulty): (Vec<_>, Vec<_>) = chunk.into_iter().partition(|row| row.fault.is_none());
        let asked = whole.iter().map(|row| asked(row, args.holder_key.as_deref())).collect();
        let answers = match reach.issue(&args.agency, &args.type_code, asked, args.dry_run) {
            Ok(answers) => answers,
            Err(error) => return report.stop(error),
        };
        let faults = faulty.into_iter().map(|row| {
            let error = row.fault.as_ref().map_or_else(|| Error::malformed("row"), told);
            (row, Err(error))
        });
        let mut results: Vec<_> = whole.into_iter().zip(answers).chain(faults).collect();
        results.sort_by_key(|(row, _)| row.line);
        for (row, answer) in results {
            report.row(&row, answer, &reach)?;
        }
        if let Some(error) = report.stopped() {
            return report.stop(error);
        }
    }
    report.finish()
}

/// Says at once what would be wrong with every row.
fn check_names(args: &IssueArgs) -> Result<(), Error> {
    let (agency, type_code) = (&args.agency, &args.type_code);
    if Agencies::shipped()?.find(agency).is_none() {
        let error = Error::new(ErrorKind::Refused, "no such agency");
        return Err(error.says(format!("没有机关 {agency}。"), format!("There is no agency {agency}.")));
    }
    if Catalogue::embedded()?.find(type_code.as_str()).is_none() {
        let error = Error::new(ErrorKind::Refused, "no such type");
        return Err(
            error.says(format!("没有证照类型 {type_code}。"), format!("There is no credential type {type_code}."))
        );
    }
    args.holder_key.as_deref().map(holder::parse_key).transpose().map(|_| ())
}

fn read(path: &Path) -> Result<Table, Error> {
    let name = path.display();
    let format = path.file_name().and_then(|name| Format::of_name(&name.to_string_lossy())).ok_or_else(|| {
        Error::new(ErrorKind::Malformed, "unknown file name ending").says(
            format!("无法识别 {name}：请使用 .csv、.xlsx、.json 或 .jsonl 文件。"),
            format!("{name} is no table: use a .csv, .xlsx, .json or .jsonl file."),
        )
    })?;
    let bytes = super::output::read_file(path, table::MOST_BYTES).map_err(|error| file_error(path, &error))?;
    table::read(format, &bytes).map_err(|fault| {
        let error = told(&fault);
        let (zh, en) =
            fault.line.map_or_else(Default::default, |line| (format!("第 {line} 行："), format!("line {line}: ")));
        error.says(format!("{name}：{zh}{}", fault.message.zh), format!("{name}: {en}{}", fault.message.en))
    })
}

/// A fault of the file as an error of the city's kind.
fn told(fault: &Fault) -> Error {
    let reason = Reason { field: String::new(), code: fault.code.to_owned(), message: fault.message.clone() };
    Error::new(ErrorKind::Malformed, fault.code).says(&fault.message.zh, &fault.message.en).because(vec![reason])
}

fn next_chunk(rows: &mut std::iter::Peekable<std::vec::IntoIter<Row>>) -> Vec<Row> {
    let mut chunk = Vec::new();
    let mut bytes = 0_usize;
    while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
        let Some(row) = rows.next() else { break };
        bytes += row.cells.values().map(|value| value.as_str().map_or(16, str::len)).sum::<usize>();
        chunk.push(row);
    }
    chunk
}

fn asked(row: &Row, holder_key: Option<&str>) -> Asked {
    let mut cells = row.cells.clone();
    let brings = cells.keys().any(|column| column.split('.').next() == Some(HOLDER_KEY));
    if let Some(holder_key) = holder_key.filter(|_| !brings) {
        cells.insert(HOLDER_KEY.to_owned(), holder_key.into());
    }
    let key = table::row_key(&cells);
    cells.remove(ROW_KEY);
    Asked { key, cells }
}
