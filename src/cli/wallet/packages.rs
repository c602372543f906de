//! Credential packages out of files: one object, an array, JSON Lines, or the answer of the issuing interface.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::base::json::{Limits, Value, parse};
use crate::cli::console::file_error;
use crate::domain::error::Error;

/// Longest input in bytes.
const MAX_INPUT: u64 = 64 << 20;
/// Members under which packages stand in answers and result files.
const WRAPPERS: [&str; 4] = ["package", "packages", "credentials", "results"];

/// The packages in a file, each as the bytes of one JSON object.
///
/// The JSON credential inside is written as it is read: strings and numbers keep their value, and its signature covers
/// the value (RFC 8785), not the spelling.
pub(super) fn read(path: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_INPUT).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_end(&mut bytes))
    };
    read.map_err(|error| file_error(path, &error))?;
    let limits = Limits { bytes: bytes.len(), ..Limits::DEFAULT };
    let mut packages = Vec::new();
    match parse(&bytes, &limits) {
        Ok(value) => collect(value, &mut packages),
        Err(whole) => {
            let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            for line in lines {
                collect(parse(line, &limits).map_err(|_| whole.clone())?, &mut packages);
            }
        }
    }
    if packages.is_empty() {
        return Err(Error::malformed(format!("{}: no credential package", path.display()))
            .says("文件中没有证照包。", "There is no credential package in the file."));
    }
    Ok(packages)
}

fn collect(value: Value, packages: &mut Vec<Vec<u8>>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| collect(item, packages)),
        Value::Object(members) if members.contains_key("copies") => {
            packages.push(Value::Object(members).to_string().into_bytes());
        }
        Value::Object(mut members) => {
            for wrapper in WRAPPERS {
                if let Some(inner) = members.remove(wrapper) {
                    collect(inner, packages);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Option<usize> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("packages");
        std::fs::write(&path, text).unwrap();
        read(&path).ok().map(|packages| packages.len())
    }

    #[test]
    fn packages_are_found_in_every_usual_wrapping() {
        let one = r#"{"id":"A","copies":[]}"#;
        assert_eq!(count(one), Some(1));
        assert_eq!(count(&format!("[{one},{one}]")), Some(2));
        assert_eq!(count(&format!("{one}\n\n{one}\n{one}\n")), Some(3));
        assert_eq!(count(&format!("{{\"package\":{one}}}")), Some(1));
        assert_eq!(count(&format!("{{\"results\":[{{\"package\":{one}}},{{\"errors\":[]}}]}}")), Some(1));
        assert_eq!(count("{}"), None);
        assert_eq!(count("no json"), None);
    }
}
