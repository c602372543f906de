//! The page behind a receipt's code: the matter, a big word for the state, the next date, the steps, who is responsible.

use std::fmt::Write as _;

use super::html::{document, escape};
use crate::base::text::Lang;
use crate::base::time::{Timestamp, china_clock, china_date, parse_date};
use crate::domain::application::progress::Progress;
use crate::domain::error::Error;

/// The page of a case.
pub(super) fn page(progress: &Progress, lang: Lang) -> String {
    let say = |zh, en| lang.pick(zh, en);
    let mut main = String::new();
    let _ = write!(main, "<h1>{}</h1>\n", escape(progress.matter.get(lang)));
    let _ = write!(
        main,
        "<p class=\"state {}\"><strong>{}</strong></p>\n",
        progress.state,
        escape(progress.state_name.get(lang))
    );
    if let Some(due) = &progress.due {
        let _ = write!(
            main,
            "<p class=\"due\">{} <strong>{}</strong></p>\n",
            say("承诺办结日期", "Decided by"),
            day(due, lang)
        );
    }
    if let Some(reason) = &progress.reason {
        let _ = write!(main, "<p class=\"reason\">{}{}</p>\n", say("原因：", "Reason: "), escape(reason));
    }
    main.push_str("<ol class=\"steps\">\n");
    for (step, at) in &progress.steps {
        let _ = write!(main, "<li><span>{}</span><time>{}</time></li>\n", escape(step.get(lang)), time(*at, lang));
    }
    main.push_str("</ol>\n<dl>\n");
    for (name, value) in [
        (say("办件编号", "Number"), progress.number.as_str()),
        (say("申请人", "Applicant"), &progress.applicant),
        (say("负责单位", "Responsible"), progress.agency.get(lang)),
        (say("联系电话", "Telephone"), &progress.phone),
    ] {
        let _ = write!(main, "<dt>{name}</dt><dd>{}</dd>\n", escape(value));
    }
    main.push_str("</dl>\n");
    document(lang, progress.matter.get(lang), &main)
}

/// The page for a receipt that is not there.
pub(super) fn missing(error: &Error, lang: Lang) -> String {
    let title = lang.pick("没有找到回执", "Receipt not found");
    let main = format!("<h1>{title}</h1>\n<p class=\"reason\">{}</p>\n", escape(error.sentence(lang)));
    document(lang, title, &main)
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
