//! HTML out of texts: everything from outside is escaped here.

use crate::base::text::Lang;

/// A text as HTML content or attribute value.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// How a page without scripts is shown: the language, and whether in large type (长辈版).
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The language.
    pub(super) lang: Lang,
    /// Large type.
    pub(super) large: bool,
}

impl Look {
    /// The address of the same page in another look.
    fn address(lang: Lang, large: bool) -> String {
        let large = if large { "&amp;large=1" } else { "" };
        format!("?lang={}{large}", lang.pick("zh", "en"))
    }
}

/// A whole page around its main content, with the switches of language and size.
pub(super) fn document(look: Look, title: &str, main: &str) -> String {
    let Look { lang, large } = look;
    let tag = lang.tag();
    let other_lang = match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    };
    let other_tag = other_lang.tag();
    let other = lang.pick("English", "中文");
    let brand = lang.pick("无证城市", "certless");
    let size = if large { lang.pick("标准版", "Normal type") } else { lang.pick("长辈版", "Large type") };
    let mark = if large { " data-large" } else { "" };
    let (here, there) = (Look::address(lang, !large), Look::address(other_lang, large));
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"{tag}\"{mark}>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title} · {brand}</title>\n\
         <link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/assets/certless.css\">\n\
         <link rel=\"stylesheet\" href=\"/assets/progress/style.css\">\n</head>\n<body class=\"progress\">\n\
         <header class=\"bar\"><a class=\"home\" href=\"/\"><img class=\"mark\" src=\"/assets/icon.svg\" alt=\"\">{brand}</a>\n\
         <nav class=\"tools\"><a class=\"tool\" href=\"{here}\">{size}</a>\n\
         <a class=\"tool\" href=\"{there}\" lang=\"{other_tag}\">{other}</a></nav></header>\n\
         <main>\n{main}</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
