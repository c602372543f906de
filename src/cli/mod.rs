//! The command line: the only place that prints.
//!
//! [`args`] is the grammar, one file a command. A command returns its exit code; what goes wrong is an [`Error`] that is
//! told once, here, in the language of the caller: what is wrong, and what to do next.

pub mod account;
pub mod application;
pub mod archive;
pub mod args;
pub mod bench;
pub mod chinese;
pub mod companion;
pub mod console;
pub mod init;
pub mod issue;
pub mod keys;
pub mod log;
pub mod output;
pub mod qr;
pub mod reach;
pub mod serve;
pub mod status;
pub mod store;
pub mod tls;
pub mod token;
pub mod tool;
pub mod trust;
pub mod verify;
pub mod wallet;
pub mod witness;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};

use crate::base::clock::SystemClock;
use crate::base::text::Lang;
use crate::domain::error::Error;
use args::{Cli, Command};
use console::Console;
use output::Output;

/// Exit code: done, or accepted.
pub const OK: u8 = 0;
/// Exit code: refused.
pub const REFUSED: u8 = 1;
/// Exit code: could not decide, or could not be done.
pub const FAILED: u8 = 2;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let lang = language(asked_language(&arguments).as_deref());
    let out = Output { lang };
    match parse(&arguments, lang) {
        Err(refused) => tell(&refused, lang),
        Ok(cli) => finish(cli, out),
    }
}

fn finish(cli: Cli, out: Output) -> ExitCode {
    match execute(cli, out) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            out.error(&error);
            ExitCode::from(FAILED)
        }
    }
}

/// Reads the arguments by a grammar whose help is in the caller's language.
fn parse(arguments: &[OsString], lang: Lang) -> Result<Cli, clap::Error> {
    let grammar = match lang {
        Lang::Zh => chinese::translated(Cli::command()),
        Lang::En => Cli::command(),
    };
    Cli::from_arg_matches_mut(&mut grammar.try_get_matches_from(arguments)?)
}

/// Prints help that was asked for, or what the parser refused.
fn tell(refused: &clap::Error, lang: Lang) -> ExitCode {
    if lang == Lang::Zh && refused.use_stderr() && refused.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    {
        let _ = write!(std::io::stderr().lock(), "{}", chinese::refusal(refused));
    } else {
        let _ = refused.print();
    }
    ExitCode::from(u8::try_from(refused.exit_code()).unwrap_or(FAILED))
}

/// The value of `--lang`, looked for before the grammar is: the language of its own words depends on it.
fn asked_language(arguments: &[OsString]) -> Option<String> {
    let mut texts = arguments.iter().map(|one| one.to_str().unwrap_or_default()).take_while(|one| *one != "--");
    while let Some(text) = texts.next() {
        match text.strip_prefix("--lang") {
            Some("") => return texts.next().map(str::to_owned),
            Some(rest) if rest.starts_with('=') => return rest.get(1..).map(str::to_owned),
            _ => {}
        }
    }
    None
}

fn execute(cli: Cli, out: Output) -> Result<u8, Error> {
    if cli.command.is_some() && cli.demo.is_given() {
        return Err(Error::malformed("options before the command")
            .says("选项应写在命令之后。", "Options go after the command."));
    }
    match cli.command.unwrap_or(Command::Demo(cli.demo)) {
        Command::Demo(args) => serve::demo(&args, out),
        Command::Init(args) => init::run(&args, out),
        Command::Serve(args) => serve::serve(&args, out),
        Command::Verify(args) => verify::run(&args, out),
        Command::Keys(args) => keys::run(&args, out),
        Command::Store(args) => store::run(&args, out),
        Command::Trust(args) => trust::run(&args, out),
        Command::Log(args) => log::run(&args, out),
        Command::Tls(args) => tls::run(&args, out),
        Command::Application(args) => application::run(&args, out),
        Command::Token(args) => token::run(&args, out),
        Command::Account(args) => account::run(&args, out),
        Command::Witness(args) => witness::run(&args, out),
        Command::Bench(args) => bench::run(&args, out),
        Command::Tool(args) => {
            let (input, lines) = (std::io::stdin().lock(), std::io::stdout().lock());
            console::written(tool::run(args.op, input, lines, &SystemClock))?;
            Ok(OK)
        }
        Command::Issue(args) => issue::run(&args, out),
        Command::Status(args) => status::run(&args, out),
        Command::Qr(args) => on_console(out, |console| qr::run(&args, console)),
        Command::Wallet(args) => on_console(out, |console| wallet::run(&args, console)),
    }
}

/// Runs a command that writes to the process's streams.
fn on_console(out: Output, command: impl FnOnce(&mut Console<'_>) -> Result<u8, Error>) -> Result<u8, Error> {
    let (mut answers, mut notes) = (std::io::stdout().lock(), std::io::stderr().lock());
    command(&mut Console { lang: out.lang, answers: &mut answers, notes: &mut notes })
}

/// `--lang`, else the locale of the process; Chinese unless it is English.
#[expect(clippy::disallowed_methods, reason = "the command line reads its environment here")]
fn language(asked: Option<&str>) -> Lang {
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    };
    Lang::from_tag(&asked.map(str::to_owned).or_else(locale).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_known_before_the_arguments_are() {
        let asked = |line: &str| asked_language(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(asked("certless --lang en serve").as_deref(), Some("en"));
        assert_eq!(asked("certless serve --nothing --lang=zh").as_deref(), Some("zh"));
        assert_eq!(asked("certless serve --language en"), None);
        assert_eq!(asked("certless qr -- --lang en"), None);
        assert_eq!(asked("certless --lang"), None);
    }
}
