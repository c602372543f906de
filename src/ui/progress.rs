//! The page behind a receipt's code: the matter, a big word for the state, the next date, the steps, who is responsible.

use std::fmt::Write as _;

use super::html::{Look, document, escape};
use crate::base::text::Lang;
use crate::base::time::{Timestamp, china_clock, china_date, parse_date, rfc3339};
use crate::domain::application::progress::Progress;
use crate::domain::error::Error;

/// The page of a case.
pub(super) fn page(progress: &Progress, look: Look) -> String {
    let lang = look.lang;
    let say = |zh, en| lang.pick(zh, en);
    let mut main = String::new();
    let _ = writeln!(main, "<h1>{}</h1>", escape(progress.matter.get(lang)));
    let _ = writeln!(
        main,
        "<p class=\"state {}\"><strong>{}</strong></p>",
        progress.state,
        escape(progress.state_name.get(lang))
    );
    if let Some(due) = &progress.due {
        let _ = writeln!(
            main,
            "<p class=\"due\">{}<strong>{}</strong></p>",
            say("承诺办结日期：", "Decided by "),
            day(due, lang)
        );
    }
    if let Some(reason) = &progress.reason {
        let _ = writeln!(main, "<p class=\"due\">{}{}</p>", say("原因：", "Reason: "), escape(reason));
    }
    if progress.state == "granted" {
        let collect = say(
            "结果为电子证照，已签发。请打开手机卡包领取，无需再到窗口。",
            "The result is an electronic licence and has been issued. Receive it in your wallet; no visit is needed.",
        );
        let _ = writeln!(main, "<p class=\"due\">{collect}</p>");
    }
    let _ = writeln!(main, "<h2>{}</h2>\n<ol class=\"steps\">", say("办理过程", "Steps"));
    for (step, at) in &progress.steps {
        let _ = writeln!(
            main,
            "<li><span>{}</span><time datetime=\"{}\">{}</time></li>",
            escape(step.get(lang)),
            rfc3339(*at),
            time(*at, lang)
        );
    }
    let _ = writeln!(main, "</ol>\n<h2>{}</h2>\n<dl class=\"facts\">", say("办件信息", "About this application"));
    for (name, value) in [
        (say("办件编号", "Number"), escape(&progress.number)),
        (say("申请人", "Applicant"), escape(&progress.applicant)),
        (say("负责单位", "Responsible"), escape(progress.agency.get(lang))),
        (say("联系电话", "Telephone"), telephone(&progress.phone)),
    ] {
        let _ = writeln!(main, "<dt>{name}</dt><dd>{value}</dd>");
    }
    main.push_str("</dl>\n");
    document(look, progress.matter.get(lang), &main)
}

/// A number that a phone can call.
fn telephone(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("<a href=\"tel:{digits}\">{}</a>", escape(number))
}

/// The page for a receipt that is not there.
pub(super) fn missing(error: &Error, look: Look) -> String {
    let title = look.lang.pick("没有找到回执", "Receipt not found");
    let main = format!("<h1>{title}</h1>\n<p class=\"due\">{}</p>\n", escape(error.sentence(look.lang)));
    document(look, title, &main)
}

fn time(at: Timestamp, lang: Lang) -> String {
    format!("{} {}", day(&china_date(at).to_string(), lang), china_clock(at))
}

/// 2026年3月1日, or 1 March 2026.
fn day(text: &str, lang: Lang) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let Ok(date) = parse_date(text) else { return escape(text) };
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    match lang {
        Lang::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Lang::En => format!("{} {month} {}", date.day(), date.year()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_each_language_does() {
        assert_eq!(day("2026-03-01", Lang::Zh), "2026年3月1日");
        assert_eq!(day("2026-03-01", Lang::En), "1 March 2026");
    }
}
