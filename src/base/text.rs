//! Texts for people: two languages, masks for personal data, and what scanners type.

use serde::{Deserialize, Serialize};

/// A language of the pages and messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Simplified Chinese, the default.
    #[default]
    #[serde(rename = "zh")]
    Zh,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Lang {
    /// The language that a locale name or language tag asks for: English for `en…`, Chinese for all else.
    pub fn from_tag(tag: &str) -> Self {
        if tag.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("en")) { Self::En } else { Self::Zh }
    }

    /// The BCP 47 tag, `zh-Hans` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-Hans",
            Self::En => "en",
        }
    }

    /// One of two texts.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Label {
    /// A text from its two spellings.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn get(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

/// Surnames of two characters that stay whole when a name is masked.
const COMPOUND_SURNAMES: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "端木"];

/// A person's name with only the surname shown: `张*`, `欧阳*`; organisations (longer than five characters) stay.
pub fn mask_name(name: &str) -> String {
    let count = name.chars().count();
    if count > 5 {
        return name.to_owned();
    }
    if let Some(surname) = COMPOUND_SURNAMES.iter().find(|surname| count > 2 && name.starts_with(**surname)) {
        return format!("{surname}{}", "*".repeat(count - 2));
    }
    name.chars().take(1).chain(std::iter::repeat_n('*', count.saturating_sub(1))).collect()
}

/// A code with its middle hidden: `430112********4016` for 18 characters, the outer quarters for others.
pub fn mask_code(code: &str) -> String {
    let count = code.chars().count();
    let (head, tail) = if count == 18 { (6, 4) } else { (count / 4, count / 4) };
    code.chars().enumerate().map(|(i, c)| if i < head || i + tail >= count { c } else { '*' }).collect()
}

/// What a scanner or an input method typed, as plain text: full-width forms narrowed, outer white space dropped.
pub fn normalize_scan(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        other => other,
    };
    text.chars().map(narrow).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_only_the_outer_parts() {
        assert_eq!(mask_name("张三"), "张*");
        assert_eq!(mask_name("欧阳明华"), "欧阳**");
        assert_eq!(mask_name("湖南演示科技有限公司"), "湖南演示科技有限公司");
        assert_eq!(mask_code("430112199003074016"), "430112********4016");
        assert_eq!(mask_code("12345678"), "12****78");
        assert_eq!(mask_code(""), "");
    }

    #[test]
    fn full_width_scans_become_plain() {
        assert_eq!(normalize_scan("　ＣＬ１：ＡＢ＋１２ \r\n"), "CL1:AB+12");
    }

    #[test]
    fn english_is_asked_for_by_name() {
        assert_eq!(Lang::from_tag("en_US.UTF-8"), Lang::En);
        assert_eq!(Lang::from_tag("zh_CN"), Lang::Zh);
        assert_eq!(Lang::from_tag(""), Lang::Zh);
    }
}
