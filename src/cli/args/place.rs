//! Where a city is: its folders and its configuration file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::config::Config;
use crate::domain::error::Error;

/// Where a city is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Folder of the city's data.
    #[arg(long, global = true, value_name = "DIR", default_value = "certless-data")]
    pub data: PathBuf,
    /// Folder of the key files; DIR/keys unless the city was made without --data.
    #[arg(long, global = true, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// Configuration file; certless.json in the data folder otherwise.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The data folder that is meant when none is given.
pub(super) const DEFAULT_DATA: &str = "certless-data";

impl Place {
    /// The configuration of the city: the file, with the folders given here.
    pub fn config(&self) -> Result<Config, Error> {
        let file = self.config.clone().unwrap_or_else(|| self.data.join("certless.json"));
        let mut config = if file.exists() || self.config.is_some() { Config::load(&file)? } else { Config::default() };
        config.keys = Some(self.keys.clone().or(config.keys).unwrap_or_else(|| keys_beside(&self.data)));
        config.data.clone_from(&self.data);
        Ok(config)
    }

    /// The same of a city that is there: a mistyped folder is told, and no empty city is made in it.
    pub fn city(&self) -> Result<Config, Error> {
        let there = |name: &str| self.data.join(name).exists();
        if self.config.is_some() || there("certless.json") || there("store") {
            return self.config();
        }
        let folder = self.data.display();
        Err(Error::not_found(format!("no city in {folder}")).says(
            format!("{folder} 中没有城市。请用 --data 指定其数据目录；新建城市用 certless init，试用直接执行 certless。"),
            format!("There is no city in {folder}. Name its folder with --data, or make one with certless init; certless alone starts the demo."),
        ))
    }

    /// The folder of the key files.
    pub fn keys_folder(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| keys_beside(&self.data))
    }
}

/// `keys` for the default data folder, `DIR/keys` for every other.
fn keys_beside(data: &Path) -> PathBuf {
    if data == Path::new(DEFAULT_DATA) { PathBuf::from("keys") } else { data.join("keys") }
}
