//! A small reader of Rust text: identifiers and punctuation with line numbers, without comments and literals.

/// One token: an identifier, `::`, or one character of punctuation.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
    /// Whether it stands in an item under `#[cfg(test)]`.
    pub(super) test: bool,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub(super) fn is_ident(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// The tokens of a file; items under `#[cfg(test)]` are marked.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = split(text);
    mark_tests(&mut tokens);
    tokens
}

fn split(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut tokens, mut i, mut line) = (Vec::new(), 0, 1);
    while i < chars.len() {
        let start = i;
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            i = until(&chars, i, |rest| rest[0] == '\n');
        } else if c == '/' && at(i + 1) == '*' {
            i = block_comment(&chars, i);
        } else if let Some(end) = raw_string(&chars, i) {
            i = end;
        } else if c == '"' || (matches!(c, 'b' | 'c') && at(i + 1) == '"') {
            i = quoted(&chars, if c == '"' { i + 1 } else { i + 2 }, '"');
        } else if c == '\'' || (c == 'b' && at(i + 1) == '\'') {
            i = char_or_lifetime(&chars, if c == '\'' { i } else { i + 1 });
        } else if c.is_alphanumeric() || c == '_' {
            i = until(&chars, i, |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
            let text: String = chars[start..i].iter().collect();
            tokens.push(Token { text, line, test: false });
        } else if c == ':' && at(i + 1) == ':' {
            i += 2;
            tokens.push(Token { text: "::".into(), line, test: false });
        } else {
            i += 1;
            if !c.is_whitespace() {
                tokens.push(Token { text: c.into(), line, test: false });
            }
        }
        line += chars[start..i].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn until(chars: &[char], mut i: usize, stop: impl Fn(&[char]) -> bool) -> usize {
    while i < chars.len() && !stop(&chars[i..]) {
        i += 1;
    }
    i
}

fn block_comment(chars: &[char], mut i: usize) -> usize {
    let mut depth = 0;
    while i < chars.len() {
        if chars[i..].starts_with(&['/', '*']) {
            depth += 1;
            i += 2;
        } else if chars[i..].starts_with(&['*', '/']) {
            depth -= 1;
            i += 2;
            if depth == 0 {
                break;
            }
        } else {
            i += 1;
        }
    }
    i
}

/// The end of a raw string (`r"…"`, `r#"…"#`, `br#"…"#`, `cr"…"`) that begins at `i`, if one does.
fn raw_string(chars: &[char], i: usize) -> Option<usize> {
    let rest = &chars[i..];
    let prefix = match rest {
        ['r', ..] => 1,
        ['b' | 'c', 'r', ..] => 2,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') {
        return None;
    }
    let mut end = vec!['"'];
    end.extend(std::iter::repeat_n('#', hashes));
    let close = until(chars, i + prefix + hashes + 1, |rest| rest.starts_with(&end));
    Some((close + end.len()).min(chars.len()))
}

fn quoted(chars: &[char], mut i: usize, quote: char) -> usize {
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn char_or_lifetime(chars: &[char], i: usize) -> usize {
    let literal = chars.get(i + 1) == Some(&'\\') || chars.get(i + 2) == Some(&'\'');
    if literal { quoted(chars, i + 1, '\'') } else { i + 1 }
}

/// Marks what follows `#[cfg(test)]` up to its `;` or closing brace.
fn mark_tests(tokens: &mut [Token]) {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    for start in 0..tokens.len() {
        let here = tokens[start..].iter().map(|token| token.text.as_str());
        if !here.take(CFG_TEST.len()).eq(CFG_TEST) {
            continue;
        }
        let (mut braces, mut brackets) = (0_usize, 0_usize);
        for token in &mut tokens[start + CFG_TEST.len()..] {
            token.test = true;
            match token.text.as_str() {
                "{" => braces += 1,
                "}" => braces = braces.saturating_sub(1),
                "[" | "(" => brackets += 1,
                "]" | ")" => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if braces == 0 && brackets == 0 && (token.is(";") || token.is("}")) {
                break;
            }
        }
    }
}

/// A path as written, with the groups of `use` expanded: `crate::{a, b::c}` gives two.
#[derive(Debug)]
pub(super) struct PathUse {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    pub(super) test: bool,
    /// Whether it stands in a `use`.
    pub(super) import: bool,
    /// The inline modules around it.
    pub(super) inside: Vec<String>,
}

/// Every path in a file.
pub(super) fn paths(tokens: &[Token]) -> Vec<PathUse> {
    let mut found = Vec::new();
    let mut open: Vec<Option<String>> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let token = &tokens[i];
        let inside = || open.iter().flatten().cloned().collect();
        if token.is("{") {
            let name = (i >= 2 && tokens[i - 2].is("mod")).then(|| tokens[i - 1].text.clone());
            open.push(name);
        } else if token.is("}") {
            open.pop();
        } else if token.is("use")
            && tokens.get(i + 1).is_some_and(|next| next.is_ident() || next.is("{") || next.is("::"))
        {
            let mut trees = Vec::new();
            let end = use_tree(tokens, i + 1, &[], &mut trees);
            let import =
                |(segments, line)| PathUse { segments, line, test: token.test, import: true, inside: inside() };
            found.extend(trees.into_iter().map(import));
            i = end;
            continue;
        } else if token.is_ident() && starts_path(tokens, i) {
            let mut segments = vec![token.text.clone()];
            while tokens.get(i + 1).is_some_and(|t| t.is("::")) && tokens.get(i + 2).is_some_and(Token::is_ident) {
                segments.push(tokens[i + 2].text.clone());
                i += 2;
            }
            if segments.len() > 1 {
                let (line, test) = (token.line, token.test);
                found.push(PathUse { segments, line, test, import: false, inside: inside() });
            }
        }
        i += 1;
    }
    found
}

fn starts_path(tokens: &[Token], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).map(|j| &tokens[j]);
    match before(1) {
        Some(previous) if previous.is(".") => false,
        Some(previous) if previous.is("::") => before(2).is_none_or(|t| !t.is_ident() && !t.is(">")),
        _ => true,
    }
}

/// Reads one `use` tree from `i`; gives the index after it.
fn use_tree(tokens: &[Token], mut i: usize, prefix: &[String], into: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(i).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(i) {
        if token.is("{") {
            i += 1;
            while tokens.get(i).is_some_and(|t| !t.is("}")) {
                i = use_tree(tokens, i, &segments, into);
                i += usize::from(tokens.get(i).is_some_and(|t| t.is(",")));
            }
            return i + 1;
        } else if token.is("as") {
            i += 2;
            break;
        } else if token.is_ident() || token.is("*") {
            segments.push(token.text.clone());
        } else if !token.is("::") {
            break;
        }
        i += 1;
    }
    into.push((segments, line));
    i
}
