//! The page behind a receipt's code: the matter, a big word for the state, the next date, the steps, who is responsible.

use std::fmt::Write as _;

use super::html::{Look, document, escape};
use crate::base::text::Lang;
use crate::base::time::{Timestamp, china_clock, china_date, parse_date, rfc3339};
use crate::domain::application::progress::Progress;
use crate::domain::application::rating::{Grade, MOST_WORDS};
use crate::domain::error::{Error, ErrorKind};

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
            "结果为电子证照，已签发。在窗口扫领证码即可收进手机卡包；当时未领的，可到任一窗口补领。",
            "The result is an electronic licence and has been issued. Scan its code at the window to receive it; if you have not yet, any window will help.",
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
    main.push_str(&rating(progress, lang));
    document(look, progress.matter.get(lang), &main)
}

/// The form to rate the service with, or how it was rated; nothing before the case is decided.
fn rating(progress: &Progress, lang: Lang) -> String {
    let say = |zh, en| lang.pick(zh, en);
    let title = say("评价本次服务", "Rate this service");
    if let Some(given) = &progress.rating {
        let grade = given.grade.label();
        let thanks = say("您的评价：", "Your rating: ");
        let after = if given.grade.is_bad() {
            say(
                "感谢反馈，我们会在 1 个工作日内核实并与您联系。",
                "Thank you. We will look into it within one working day.",
            )
        } else {
            say("感谢您的评价。", "Thank you.")
        };
        return format!(
            "<h2 id=\"rate\">{title}</h2>\n<p class=\"due rated\" role=\"status\">{thanks}<strong>{}</strong></p>\n<p>{after}</p>\n",
            escape(grade.get(lang))
        );
    }
    if !progress.may_rate {
        return String::new();
    }
    let mut out = format!("<form class=\"rate\" method=\"post\">\n<h2 id=\"rate\">{title}</h2>\n<fieldset>\n");
    let _ = writeln!(out, "<legend>{}</legend>", say("您满意吗？", "How satisfied are you?"));
    for grade in Grade::ALL {
        let (name, word) = (grade.name(), grade.label());
        let _ = writeln!(
            out,
            "<label class=\"grade\"><input type=\"radio\" name=\"grade\" value=\"{name}\" required><span>{}</span></label>",
            escape(word.get(lang))
        );
    }
    let words = say("想说的话（可不填）", "In your own words (optional)");
    let hint = say(
        "评价自愿，每次办理评价一次，办事窗口看不到是谁评的。",
        "Rating is voluntary, once for each application; the window does not see who rated.",
    );
    let _ = write!(
        out,
        "</fieldset>\n<div class=\"field\"><label for=\"words\">{words}</label>\
         <textarea class=\"input\" id=\"words\" name=\"words\" rows=\"3\" maxlength=\"{MOST_WORDS}\" aria-describedby=\"words-says\"></textarea>\
         <span class=\"hint\" id=\"words-says\">{hint}</span></div>\n<button class=\"button primary big wide\">{}</button>\n</form>\n",
        say("提交评价", "Send")
    );
    out
}

/// A number that a phone can call.
fn telephone(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("<a href=\"tel:{digits}\">{}</a>", escape(number))
}

/// The page for a receipt that is not there, or for a rating that could not be taken.
pub(super) fn refused(error: &Error, look: Look) -> String {
    let found = error.kind != ErrorKind::NotFound;
    let title = if found {
        look.lang.pick("没有提交", "Not sent")
    } else {
        look.lang.pick("没有找到回执", "Receipt not found")
    };
    let back = if found {
        format!("<p><a class=\"button\" href=\"\">{}</a></p>\n", look.lang.pick("返回办件进度", "Back to the progress"))
    } else {
        String::new()
    };
    let main = format!("<h1>{title}</h1>\n<p class=\"due\">{}</p>\n{back}", escape(error.sentence(look.lang)));
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
