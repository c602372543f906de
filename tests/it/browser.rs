//! The pages in a real browser: `tests/pages` by Node.js, with the program of this build on a demo city of its own.

use std::path::Path;
use std::process::Command;

/// Journeys, accessibility and the modules' own tests; what they say is printed when something fails.
#[test]
fn pages_work_in_a_real_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    assert!(
        folder.join("node_modules/playwright-core").is_dir(),
        "the page tests need their packages and Chromium: run tests/run, or npm ci in tests/pages"
    );
    let mut node = Command::new("node");
    node.arg("run.mjs").current_dir(&folder).env("CERTLESS_BIN", env!("CARGO_BIN_EXE_certless"));
    let output = node.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for line in said.lines().filter(|line| line.contains("scan to verdict")) {
        println!("{line}");
    }
    assert!(output.status.success(), "{said}");
}
