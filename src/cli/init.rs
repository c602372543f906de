//! `certless init`: the keys and the folder of a new city.

use std::fs;
use std::net::SocketAddr;

use super::OK;
use super::args::InitArgs;
use super::output::{Output, file_error};
use crate::app::config::Config;
use crate::app::open;
use crate::base::id::AccountName;
use crate::base::random::SystemRandom;
use crate::domain::account::manage::NewAccount;
use crate::domain::account::{Author, StaffRole};
use crate::domain::error::{Error, ErrorKind};

/// Makes the city and says what was made.
pub fn run(args: &InitArgs, out: Output) -> Result<u8, Error> {
    let mut config = args.place.config()?;
    if let Some(base_url) = &args.base_url {
        config.base_url.clone_from(base_url);
        // A city of this machine alone is its own front door, so it listens where its address says.
        let own =
            base_url.strip_prefix("http://").and_then(|rest| rest.trim_end_matches('/').parse::<SocketAddr>().ok());
        config.listen =
            own.filter(|own| own.ip().is_loopback() && config.listen.ip().is_loopback()).unwrap_or(config.listen);
    }
    config.check()?;
    make(&config)?;
    let city = open::city(&config)?;
    open::write_trust_copy(&config.keys_folder(), &city)?;
    let admin = NewAccount {
        account: AccountName::parse("admin")?,
        name: "管理员".to_owned(),
        role: StaffRole::Administrator,
        agency: None,
    };
    let (_, password) = city.add_account(admin, &Author::Token("init".to_owned()))?;
    out.say(
        format!(
            "已创建城市：{}\n数据：{}\n密钥：{}（请离线备份）\n启动：certless serve --data {}",
            city.names.city_did(),
            config.data.display(),
            config.keys_folder().display(),
            config.data.display()
        ),
        format!(
            "City made: {}\nData: {}\nKeys: {} (keep an offline copy)\nStart: certless serve --data {}",
            city.names.city_did(),
            config.data.display(),
            config.keys_folder().display(),
            config.data.display()
        ),
    );
    let password = password.expose();
    out.say(
        format!("管理员账户：admin  初始密码：{password}（仅显示这一次，首次登录须修改）"),
        format!("Administrator: admin  first password: {password} (shown this once; change it at the first sign-in)"),
    );
    Ok(OK)
}

/// Makes folder, configuration file and keys; refuses where a city is.
pub fn make(config: &Config) -> Result<(), Error> {
    let file = config.data.join("certless.json");
    if file.exists() {
        return Err(Error::new(ErrorKind::Conflict, format!("{} exists", file.display())).says(
            format!("{} 中已有城市。请换一个目录（--data）。", config.data.display()),
            format!("There is a city in {} already. Choose another folder with --data.", config.data.display()),
        ));
    }
    fs::create_dir_all(&config.data).map_err(|error| file_error(&config.data, &error))?;
    open::init(config, &SystemRandom)?;
    let text = serde_json::to_string_pretty(config).map_err(|error| Error::corrupt(error.to_string()))?;
    fs::write(&file, text).map_err(|error| file_error(&file, &error))
}
