//! Running the program on a city of its own in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use certless::base::id::{AgencyCode, TypeCode};
use tempfile::TempDir;

/// What a run left.
#[derive(Debug)]
pub(super) struct Ran {
    /// The exit code.
    pub(super) code: i32,
    /// The standard output.
    pub(super) answers: String,
    /// The standard error output.
    pub(super) notes: String,
}

/// Runs the program in a folder, in English unless the arguments say otherwise.
pub(super) fn certless(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certless"));
    command.current_dir(folder).env("LC_ALL", "en_US.UTF-8").args(arguments);
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        answers: String::from_utf8(output.stdout).unwrap(),
        notes: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Starts the program in a folder; what it prints is nobody's.
pub(super) fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certless"));
    command.current_dir(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// A folder with a city in `city`, made by `init`.
pub(super) struct Place {
    folder: TempDir,
}

impl Place {
    pub(super) fn with_city() -> Self {
        let place = Self::empty();
        let made = place.certless(&["init", "--data", "city"]);
        assert_eq!(made.code, 0, "{made:?}");
        place
    }

    pub(super) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(super) fn certless(&self, arguments: &[&str]) -> Ran {
        certless(self.folder.path(), arguments)
    }

    /// `certless issue` of identity cards into the city.
    pub(super) fn issue(&self, file: &str, more: &[&str]) -> Ran {
        let fixed = ["issue", "--agency", "GA", "--type", "idCard", "--in", file, "--data", "city"];
        self.certless(&[&fixed, more].concat())
    }
}

/// Identity cards of the demo's residents, heading first, as the demo's own CSV file has them.
pub(crate) fn identity_cards(count: usize) -> Vec<Vec<String>> {
    let today = jiff::civil::date(2026, 3, 1);
    let demo = certless::domain::demo::city("tests of the command line", today).unwrap();
    let mut text = Vec::new();
    let (agency, kind) = (AgencyCode::parse("GA").unwrap(), TypeCode::parse("idCard").unwrap());
    demo.write_csv(&agency, &kind, &mut text).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
    let records = reader.records().take(count + 1).map(|record| record.unwrap().iter().map(str::to_owned).collect());
    records.collect()
}

/// The rows as CSV.
pub(crate) fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// The identifier in the first line of a run that says `word`.
pub(super) fn first_id(ran: &Ran, word: &str) -> String {
    let line = ran.answers.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{ran:?}"));
    line.split_whitespace().last().unwrap().to_owned()
}
