//! The `certless` program: hands the command line to [`certless::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    certless::cli::run()
}
