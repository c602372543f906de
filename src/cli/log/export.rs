//! `certless log export DIR`: the log as a folder of files.

use super::{ExportArgs, tell_fault};
use crate::adapters::log_files::{LogFiles, LogFolder};
use crate::app::open;
use crate::cli::output::Output;
use crate::cli::{OK, REFUSED};
use crate::domain::error::Error;
use crate::domain::log_audit::Files;
use crate::domain::log_audit::copy::copy;

/// Brings the folder up to date.
pub(super) fn run(args: &ExportArgs, out: Output) -> Result<u8, Error> {
    if let Some(from) = &args.from {
        return export(args, &LogFiles::open(from, args.reliance.ca.as_deref())?, out);
    }
    export(args, &open::city(&args.place.city()?)?, out)
}

fn export(args: &ExportArgs, files: &dyn Files, out: Output) -> Result<u8, Error> {
    let config = args.place.config()?;
    let relied = args.reliance.rely(files, args.from.as_deref(), &config.keys_folder())?;
    let mut folder = LogFolder::open(&args.folder)?;
    let bar = out.progress(0, "正在写入文件", "writing files");
    let copied = copy(files, &relied.policy, &mut folder, &|done| bar.set_position(done))?;
    bar.finish_and_clear();
    match copied {
        Ok(copied) => {
            let (from, to, files, folder) = (copied.from, copied.to, copied.files, args.folder.display());
            out.say(
                format!("已写入 {folder}：{from} → {to} 条，{files} 个文件。"),
                format!("Written to {folder}: {from} -> {to} leaves, {files} files."),
            );
            Ok(OK)
        }
        Err(fault) => {
            tell_fault(&fault, out);
            Ok(REFUSED)
        }
    }
}
