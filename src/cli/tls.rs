//! `certless tls init`: a certificate authority of the city's own and the server's certificate.

use super::OK;
use super::args::{TlsArgs, TlsCommand};
use super::output::Output;
use crate::adapters::tls::{Authority, Names, fingerprint};
use crate::base::clock::{Clock as _, SystemClock};
use crate::base::random::SystemRandom;
use crate::base::time::china_date;
use crate::domain::error::Error;

/// Makes what is missing and says what it is called.
pub fn run(args: &TlsArgs, out: Output) -> Result<u8, Error> {
    let TlsCommand::Init { name, ip, new_ca } = &args.command;
    let keys = args.place.config()?.keys_folder();
    let authority = Authority::of(&keys);
    let mut names = if authority.exists() && !*new_ca { authority.names()? } else { Names::of_this_machine() };
    names.add(name, ip)?;
    authority.init(&names, *new_ca, china_date(SystemClock.now()), &SystemRandom)?;
    let listed: Vec<String> = names.dns.iter().cloned().chain(names.ip.iter().map(ToString::to_string)).collect();
    let (listed, until) = (listed.join(", "), authority.until()?);
    out.say(format!("服务器证书：{listed}"), format!("Server's certificate: {listed}"));
    out.say(
        format!("有效至 {until}，到期前自动更新。"),
        format!("Valid until {until}; renewed by itself before that."),
    );
    let (print, _) = fingerprint(&authority.certificate()?).ok_or_else(|| Error::corrupt("ca.crt"))?;
    let file = keys.join("tls").join("ca.crt");
    out.say(format!("CA 证书：{}", file.display()), format!("Certificate authority: {}", file.display()));
    out.say(format!("指纹（SHA-256）：{print}"), format!("Fingerprint (SHA-256): {print}"));
    let data = args.place.data.display();
    out.say(
        format!("启动：certless serve --data {data} --tls；手机打开 /ca 安装 CA 证书。"),
        format!("Start: certless serve --data {data} --tls; phones open /ca to install the authority."),
    );
    Ok(OK)
}
