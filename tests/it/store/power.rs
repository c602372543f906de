//! A power cut, simulated: the store lies on an ext4 image, the writer is stopped, the file system is shut down without
//! its journal, so that whatever was not on the disk is gone, and the image is mounted again.
//!
//! Five cuts; forty with `CERTLESS_CRASH=long`. Needs root and loop devices; elsewhere it says aloud that it was skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use super::writer::{await_promise, dice, long, look, spawn};

/// `ioctl(EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH)`; the test program itself has no unsafe code.
const SHUTDOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";

/// An ext4 file system in a file, mounted until dropped.
pub(super) struct LoopDisk {
    folder: tempfile::TempDir,
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let Output { status, stderr, .. } =
        Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    let told = String::from_utf8_lossy(&stderr);
    if status.success() { Ok(()) } else { Err(format!("{program} {}: {told}", args.join(" "))) }
}

impl LoopDisk {
    /// Makes and mounts a disk of so many MiB; the reason when this machine does not allow it.
    pub(super) fn new(mib: u64) -> Result<Self, String> {
        let disk = Self { folder: tempfile::tempdir().map_err(|error| error.to_string())? };
        let image = std::fs::File::create(disk.image()).map_err(|error| error.to_string())?;
        image.set_len(mib << 20).map_err(|error| error.to_string())?;
        std::fs::create_dir(disk.path()).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q", "-m", "0", disk.image().to_str().unwrap_or_default()])?;
        disk.mount()?;
        Ok(disk)
    }

    /// As [`LoopDisk::new`]; `None`, said aloud, where that is not allowed.
    pub(super) fn or_skip(mib: u64, test: &str) -> Option<Self> {
        Self::new(mib).map_err(|why| eprintln!("SKIPPED {test}: no loop file system here ({})", why.trim())).ok()
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&self) -> Result<(), String> {
        let (image, path) = (self.image(), self.path());
        run("mount", &["-o", "loop", image.to_str().unwrap_or_default(), path.to_str().unwrap_or_default()])
    }

    fn unmount(&self) -> Result<(), String> {
        run("umount", &[self.path().to_str().unwrap_or_default()])
    }

    /// Everything not on the disk is gone from here on.
    fn shut_down(&self) -> Result<(), String> {
        run("python3", &["-c", SHUTDOWN, self.path().to_str().unwrap_or_default()])
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        if self.unmount().is_err() {
            let _ = run("umount", &["-l", self.path().to_str().unwrap_or_default()]);
        }
    }
}

fn cut(disk: &LoopDisk, store: &Path, journal: &Path, round: u64) {
    let mut child = spawn(store, journal, round, 64 << 20);
    await_promise(journal, &mut child);
    thread::sleep(Duration::from_millis(dice(round, 50..1500)));
    assert!(child.try_wait().unwrap().is_none(), "the writer ended before the cut");
    run("kill", &["-STOP", &child.id().to_string()]).unwrap();
    disk.shut_down().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    disk.unmount().unwrap();
    disk.mount().unwrap();
}

#[test]
fn a_power_cut_loses_nothing_that_was_promised() {
    let Some(disk) = LoopDisk::or_skip(2048, "a_power_cut_loses_nothing_that_was_promised") else { return };
    let beside = tempfile::tempdir().unwrap();
    let store = disk.path().join("store");
    let rounds = if long() { 40 } else { 5 };
    let (mut promised, mut slowest, mut journals) = (0, Duration::ZERO, Vec::new());
    for round in 0..rounds {
        let journal = beside.path().join(format!("journal-{round}"));
        cut(&disk, &store, &journal, round);
        journals.push(journal);
        let kept = look(&store, &journals).unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(kept.lost, Vec::<String>::new(), "round {round}");
        promised = kept.promised;
        slowest = slowest.max(kept.opened_in);
    }
    println!("{rounds} power cuts, {promised} promises, 0 lost, 0 broken opens, slowest open {slowest:?}");
}
