//! Finding a matter while typing: by name in either language, by the initials or the whole pinyin of the Chinese name, or by code.

use std::sync::OnceLock;

use pinyin::ToPinyin as _;

use super::{Catalogue, Matter};

/// Most matters of one answer.
pub const MOST: usize = 50;

/// A matter with what it is found by.
struct Entry<'a> {
    matter: &'a Matter,
    code: String,
    zh: String,
    en: String,
    initials: String,
    pinyin: String,
}

/// An index over a catalogue.
pub struct Index<'a>(Vec<Entry<'a>>);

impl<'a> Index<'a> {
    /// Reads every matter once.
    pub fn new(catalogue: &'a Catalogue) -> Self {
        let entry = |matter: &'a Matter| Entry {
            matter,
            code: matter.code.to_string().to_lowercase(),
            zh: folded(&matter.name.zh),
            en: folded(&matter.name.en),
            initials: spelled(&matter.name.zh, |syllable| syllable.get(..1).unwrap_or_default()),
            pinyin: spelled(&matter.name.zh, |syllable| syllable),
        };
        Self(catalogue.iter().map(entry).collect())
    }

    /// The matters that a text means, the best first, at most [`MOST`]; every matter for an empty text.
    pub fn find(&self, text: &str) -> Vec<&'a Matter> {
        let wanted = folded(text);
        let mut found: Vec<_> = self.0.iter().filter_map(|entry| Some((entry.rank(&wanted)?, entry))).collect();
        found.sort_by_key(|(rank, entry)| (*rank, entry.zh.chars().count(), &entry.code));
        found.into_iter().take(MOST).map(|(_, entry)| entry.matter).collect()
    }
}

impl Entry<'_> {
    /// How well a text fits, 0 best; `None` when it does not.
    fn rank(&self, wanted: &str) -> Option<u8> {
        if wanted.is_empty() || self.code == wanted || self.zh == wanted || self.en == wanted {
            return Some(0);
        }
        let begins = self.zh.starts_with(wanted) || self.en.starts_with(wanted);
        // Digits alone mean a code, of which people know the basic part in the middle.
        let code = wanted.len() >= 4 && self.code.contains(wanted);
        let steps = [
            begins,
            self.initials.starts_with(wanted),
            self.pinyin.starts_with(wanted),
            self.zh.contains(wanted) || self.en.contains(wanted),
            code,
            wanted.len() >= 2 && self.initials.contains(wanted),
            wanted.len() >= 3 && self.pinyin.contains(wanted),
        ];
        steps.iter().position(|fits| *fits).and_then(|at| u8::try_from(at + 1).ok())
    }
}

/// Lower case without spaces and punctuation.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(100).collect()
}

/// Chinese characters by a part of their pinyin, letters and digits as they are.
fn spelled(text: &str, part: impl Fn(&'static str) -> &'static str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.to_pinyin() {
            Some(pinyin) => out.push_str(part(pinyin.plain())),
            None => out.extend(c.to_lowercase().filter(|c| c.is_alphanumeric())),
        }
    }
    out
}

/// The index over the shipped matters, made once.
pub fn index() -> Result<&'static Index<'static>, crate::domain::error::Error> {
    static INDEX: OnceLock<Index<'static>> = OnceLock::new();
    let catalogue = crate::domain::application::record::catalogue()?;
    Ok(INDEX.get_or_init(|| Index::new(catalogue)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        index().unwrap().find(text).into_iter().map(|matter| matter.name.zh.as_str()).collect()
    }

    #[test]
    fn a_matter_is_found_by_name_initials_pinyin_english_and_code() {
        for text in ["出生登记", "出生 登记", "csdj", "CSDJ", "chushengdengji", "Birth registration", "birth reg"]
        {
            assert_eq!(names(text).first(), Some(&"出生登记"), "{text}");
        }
        assert_eq!(names("11430112MB0DEM01764000709901000"), ["出生登记"]);
        assert_eq!(names("000709901000"), ["出生登记"], "the basic code is a part of it");
        assert!(names("登记").len() > 5 && names("登记").len() <= MOST);
        assert_eq!(names("").len(), MOST);
        assert!(names("没有这样的事项").is_empty() && names("zzzz").is_empty());
    }

    #[test]
    fn a_beginning_goes_before_a_middle() {
        let found = names("护士");
        assert!(found.first().unwrap().starts_with("护士"), "{found:?}");
        let found = names("hs");
        assert!(found.first().unwrap().starts_with("护士") || found.first().unwrap().starts_with('户'), "{found:?}");
    }
}
