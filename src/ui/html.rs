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

/// A whole page around its main content.
pub(super) fn document(lang: Lang, title: &str, main: &str) -> String {
    let (tag, other_tag) = (lang.tag(), lang.pick("en", "zh"));
    let other = lang.pick("English", "中文");
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"/assets/certless.css\">\n</head>\n<body>\n\
         <header><p class=\"city\">certless</p>\
         <nav><a href=\"?lang={other_tag}\" lang=\"{other_tag}\">{other}</a></nav></header>\n\
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
