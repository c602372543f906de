//! The machine, the commit, and how much CPU time was spent.

use std::fs;
use std::path::Path;

/// What the figures belong to: processor, memory, the commit that was built (`build.rs`), folder.
pub(super) fn describe(folder: &Path) -> Vec<String> {
    let cpu = first_line("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = first_line("/proc/meminfo", "MemTotal").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let build = if cfg!(debug_assertions) { "debug build: figures say nothing" } else { "release build" };
    vec![
        format!("{cpu}, {cores} cores, {memory}; load {}", load.trim()),
        format!(
            "certless {} commit {} ({build}); store in {}",
            env!("CARGO_PKG_VERSION"),
            option_env!("CERTLESS_COMMIT").unwrap_or("unknown"),
            folder.display()
        ),
    ]
}

fn first_line(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// CPU seconds that threads of this process have used whose names begin so; all threads for an empty name.
pub(super) fn cpu_seconds(thread: &str) -> f64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(|task| thread_seconds(&task.path(), thread)).sum()
}

/// User and system time of one thread from its scheduler statistics, nanosecond by nanosecond.
fn thread_seconds(task: &Path, name: &str) -> Option<f64> {
    let comm = fs::read_to_string(task.join("comm")).ok()?;
    if !comm.starts_with(name) {
        return None;
    }
    let statistics = fs::read_to_string(task.join("schedstat")).ok()?;
    let nanoseconds: f64 = statistics.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// CPU seconds of this process, its ended threads included, in steps of 10 ms.
pub(super) fn process_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    // User and system time are fields 14 and 15; the text after the name begins with the third.
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}
