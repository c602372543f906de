//! Options of `bench` and `tool`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::tool::{MEMBERS, Op};

/// Options of `bench`.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// Measure the public log alone, with so many leaves: what it costs issuing, its size, proofs, verification.
    #[arg(long, value_name = "NUMBER")]
    pub log: Option<u64>,
    /// Folder for the measured stores, on the disk that is meant; a temporary one otherwise.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Options of `tool`.
#[derive(Args, Debug)]
#[command(after_long_help = MEMBERS)]
pub struct ToolArgs {
    /// The operation.
    pub op: Op,
}
