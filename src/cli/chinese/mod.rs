//! The grammar's own words in Chinese: help and the parser's refusals.
//!
//! The grammar is written once, with English texts ([`super::args`]). `texts` holds the Chinese for every one of them,
//! found by the English, as message catalogues do: a text that changed has no Chinese until somebody writes it again, and
//! a test walks the whole grammar for such. `help` draws a command's help, `refusal` tells what the parser refused.

mod help;
mod refusal;
mod texts;

use clap::Command;

pub use refusal::refusal;

/// The grammar with Chinese help for every command.
pub fn translated(mut grammar: Command) -> Command {
    grammar.build();
    with_help(grammar)
}

fn with_help(command: Command) -> Command {
    let text = help::of(&command);
    command.override_help(text).mut_subcommands(with_help)
}

/// The Chinese for a text of the grammar; the text itself where there is none, which a test prevents.
fn chinese(english: &str) -> &str {
    texts::TEXTS.iter().find(|(known, _)| *known == english).map_or(english, |(_, chinese)| chinese)
}

/// A usage line or an argument's name with its placeholders in Chinese: `--data <目录>`.
fn placeholders(text: &str) -> String {
    texts::PLACEHOLDERS.iter().fold(text.to_owned(), |text, (english, chinese)| {
        let text = text.replace(&format!("<{english}>"), &format!("<{chinese}>"));
        text.replace(&format!("[{english}]"), &format!("[{chinese}]"))
    })
}

#[cfg(test)]
mod tests;
