//! Gathers what the pages are made of into one table, `assets.rs`, which `src/ui/assets.rs` includes.
//!
//! Our own files come from `src/ui/assets` and `src/ui/text`. The libraries they build on come from npm as pinned by
//! `src/ui/assets/package-lock.json`: from the folder `CERTLESS_WEB_VENDOR` (the content of a `node_modules`), else by
//! `npm ci --ignore-scripts` into the build's own folder. Every library file must have the SHA-256 digest below.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

use sha2::{Digest, Sha256};

/// A library file: where npm puts it, its SHA-256, where it is served below `/assets/vendor/`, and which of its imports
/// by name become imports by path.
struct Vendored(&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const VENDORED: &[Vendored] = &[
    Vendored(
        "preact/dist/preact.mjs",
        "bdcbd9abdf2c77c5c45326eab42191e949222d479d0d5f69467387a77040cb55",
        "preact.mjs",
        &[("\n//# sourceMappingURL=preact.mjs.map", "")],
    ),
    Vendored(
        "preact/hooks/dist/hooks.mjs",
        "e862ab2973aa6455eaa0f77c5d832d2157d6be59a17c8ba546550a575b58c6b4",
        "hooks.mjs",
        &[("from\"preact\"", "from\"./preact.mjs\""), ("\n//# sourceMappingURL=hooks.mjs.map", "")],
    ),
    Vendored("htm/dist/htm.mjs", "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4", "htm.mjs", &[]),
    Vendored("qr/index.js", "a0de370051f94bd74f218f74401fdf197585e3f9ef0143164f87ea941a3fdd6f", "qr/index.js", &[]),
    Vendored("qr/decode.js", "00e209820dcb11d624e9a03d6383e580766792b57d1651318f0a29e4e1ff0fe8", "qr/decode.js", &[]),
    Vendored(
        "zxing-wasm/dist/es/reader/index.js",
        "d90c69a827aff3b7c8c8ca310efebe91671ef076f7a0ec83722bfc542814f484",
        "zxing/reader/index.js",
        &[],
    ),
    Vendored(
        "zxing-wasm/dist/es/share.js",
        "08868fb770b0a4e4b9eb3d717015cd5fbf3ceb06492d4cb2d2dd2739db11890f",
        "zxing/share.js",
        &[],
    ),
    Vendored(
        "zxing-wasm/dist/reader/zxing_reader.wasm",
        "e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2",
        "zxing/reader.wasm",
        &[],
    ),
];

/// The licences, one after the other in `/assets/licences.txt`.
const LICENCES: &[(&str, &str)] = &[
    ("preact", "preact/LICENSE"),
    ("htm", "htm/LICENSE"),
    ("qr (MIT or Apache-2.0)", "qr/LICENSE-MIT"),
    (
        "zxing-wasm; its .wasm holds zxing-cpp, Apache-2.0, the text of which stands above under htm",
        "zxing-wasm/LICENSE",
    ),
];

fn main() {
    commit();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/ui/assets");
    println!("cargo::rerun-if-changed=src/ui/text");
    println!("cargo::rerun-if-env-changed=CERTLESS_WEB_VENDOR");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let libraries = libraries(&root.join("src/ui/assets"), &out);

    let mut files = Vec::new();
    own_files(&root.join("src/ui/assets"), "", &mut files);
    own_files(&root.join("src/ui/text"), "text/", &mut files);
    for vendored in VENDORED {
        files.push((format!("vendor/{}", vendored.2), vendor(vendored, &libraries, &out)));
    }
    files.push(("licences.txt".to_owned(), licences(&libraries, &out)));
    files.sort();
    write(&out.join("assets.rs"), table(&files).as_bytes());
}

/// Tells a release build which commit it is of, with a mark where sources differ from it: figures are worth nothing without.
fn commit() {
    let said = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let release = variable("PROFILE") == "release";
    if release && let Some(moved) = said(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={moved}");
        println!("cargo::rerun-if-changed=src");
        println!("cargo::rustc-env=CERTLESS_COMMIT={}", said(&["describe", "--always", "--dirty"]).unwrap_or_default());
    }
}

/// The folder that holds the libraries.
fn libraries(assets: &Path, out: &Path) -> PathBuf {
    if let Some(folder) = env::var_os("CERTLESS_WEB_VENDOR") {
        return PathBuf::from(folder);
    }
    let work = out.join("web");
    let installed = work.join("node_modules");
    let lock = read(&assets.join("package-lock.json"));
    if fs::read(work.join("package-lock.json")).is_ok_and(|there| there == lock) && missing(&installed).is_none() {
        return installed;
    }
    fs::create_dir_all(&work).unwrap_or_else(|error| stop(&format!("{}: {error}", work.display())));
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        write(&work.join(name), &read(&assets.join(name)));
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
    match Command::new("npm").args(arguments).current_dir(&work).output() {
        Ok(done) if done.status.success() => installed,
        Ok(done) => stop(&format!("`npm ci` failed: {}{HELP}", String::from_utf8_lossy(&done.stderr))),
        Err(error) => stop(&format!("cannot start npm: {error}.{HELP}")),
    }
}

const HELP: &str = "\nThe pages need four libraries from npm. Install Node.js 20 or later with npm (Debian: apt-get install \
     nodejs npm; others: https://nodejs.org) and build again; or put the content of a node_modules folder made from \
     src/ui/assets/package-lock.json somewhere and name it in CERTLESS_WEB_VENDOR.";

fn missing(libraries: &Path) -> Option<&'static str> {
    VENDORED.iter().map(|vendored| vendored.0).find(|path| !libraries.join(path).is_file())
}

/// Checks a library file and writes it as it is served.
fn vendor(vendored: &Vendored, libraries: &Path, out: &Path) -> PathBuf {
    let Vendored(from, digest, to, changes) = vendored;
    let mut bytes = read(&libraries.join(from));
    let found = hex(&Sha256::digest(&bytes));
    if found != *digest {
        stop(&format!("{from} in {} has SHA-256 {found}, pinned is {digest}", libraries.display()));
    }
    for (old, new) in *changes {
        let text = String::from_utf8(bytes).unwrap_or_else(|_| stop(&format!("{from} is not UTF-8")));
        if !text.contains(old) {
            stop(&format!("{from} does not hold {old:?}"));
        }
        bytes = text.replace(old, new).into_bytes();
    }
    let path = out.join("vendor").join(to);
    write(&path, &bytes);
    path
}

fn licences(libraries: &Path, out: &Path) -> PathBuf {
    let mut text = String::from("The pages contain these libraries.\n");
    for (name, path) in LICENCES {
        let licence = String::from_utf8_lossy(&read(&libraries.join(path))).into_owned();
        let _ = write!(text, "\n==== {name}\n\n{}\n", licence.trim());
    }
    let path = out.join("licences.txt");
    write(&path, text.as_bytes());
    path
}

/// Our own files below a folder with the paths they are served under.
fn own_files(folder: &Path, prefix: &str, into: &mut Vec<(String, PathBuf)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| stop(&format!("{}: {error}", folder.display())));
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() && name != "node_modules" {
            own_files(&path, &format!("{prefix}{name}/"), into);
        } else if media(&name).is_some() && !name.starts_with("package") {
            into.push((format!("{prefix}{name}"), path));
        }
    }
}

fn media(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

fn table(files: &[(String, PathBuf)]) -> String {
    let mut text = String::from("&[\n");
    for (name, path) in files {
        let digest = hex(&Sha256::digest(read(path)));
        let (media, tag) = (media(name).unwrap_or_default(), digest.get(..16).unwrap_or_default());
        let _ = writeln!(
            text,
            "    Asset {{ path: {name:?}, media: {media:?}, tag: \"\\\"{tag}\\\"\", bytes: include_bytes!({}) }},",
            place(path)
        );
    }
    text.push(']');
    text
}

/// A file's path as the compiler works it out: a checkout that moves together with its build folder still builds.
fn place(path: &Path) -> String {
    for from in ["OUT_DIR", "CARGO_MANIFEST_DIR"] {
        if let Ok(rest) = path.strip_prefix(variable(from)) {
            return format!("concat!(env!({from:?}), {:?})", format!("/{}", rest.display()));
        }
    }
    format!("{:?}", path.display().to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[expect(clippy::disallowed_methods, reason = "how cargo tells a build script where it works")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| stop(&format!("{name} is not set")))
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())))
}

fn write(path: &Path, bytes: &[u8]) {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, bytes));
    written.unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())));
}

/// Ends the build with a sentence that says what to do.
#[expect(clippy::print_stderr, reason = "a build script speaks to the person who builds")]
fn stop(reason: &str) -> ! {
    eprintln!("certless: {reason}");
    for line in reason.lines() {
        println!("cargo::error={line}");
    }
    exit(1)
}
