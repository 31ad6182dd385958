//! Rust source as the rules of the house read it: without comments, literals and tests.

/// A function, with the lines from `fn` to its closing brace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// The code of a file before and beside its tests, with comments, literals and tests made blank. Lines
/// keep their numbers.
pub(crate) fn production(text: &str) -> String {
    without_tests(without_literals(text, |_| false))
}

/// The same with the SQL that is in it.
pub(crate) fn production_with_sql(text: &str) -> String {
    const VERBS: [&str; 5] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE "];
    let is_sql = |literal: &str| VERBS.iter().any(|verb| literal.starts_with(&format!("\"{verb}")));
    without_tests(without_literals(text, is_sql))
}

/// Identifiers, `::`, and every other visible character on its own.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_part_of_name(first) {
            rest.find(|letter| !is_part_of_name(letter)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

pub(crate) fn is_name(token: &str) -> bool {
    token.chars().next().is_some_and(|first| is_part_of_name(first) && !first.is_ascii_digit())
}

/// The functions with a body, in the order of their beginnings.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let is_word = !code[..at].ends_with(is_part_of_name);
        let name: String =
            code[at + 3..].chars().take_while(|letter| is_part_of_name(*letter)).collect();
        // A type `fn(..)` has no name, a declaration in a trait no body.
        if !is_word || name.is_empty() {
            continue;
        }
        let item = &code[at..at + item_length(&code[at..])];
        if item.ends_with('}') {
            let line = code[..at].matches('\n').count() + 1;
            functions.push(Function { name, line, lines: item.lines().count() });
        }
    }
    functions
}

fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The bytes of an item, up to its semicolon or the brace that closes its body.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in item.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (letter == ';' || letter == '}') {
            return at + 1;
        }
    }
    item.len()
}

fn without_tests(mut code: String) -> String {
    const MARK: &str = "#[cfg(test)]";
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item_length(&code[start + MARK.len()..]);
        let blank = blank(&code[start..end]);
        code.replace_range(start..end, &blank);
    }
    code
}

fn without_literals(text: &str, stays: impl Fn(&str) -> bool) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = code.chars().next_back();
        let length = literal_length(rest, before);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let literal = &rest[..length];
            // What breaks a literal over lines is layout.
            let shown = if stays(literal) { literal.replace('\\', " ") } else { blank(literal) };
            code.push_str(&shown);
            rest = &rest[length..];
        }
    }
    code
}

/// The bytes of the comment or literal that a text begins with, 0 for anything else.
fn literal_length(text: &str, before: Option<char>) -> usize {
    let mut letters = text.chars();
    match letters.next() {
        Some('/') if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
        Some('/') if text.starts_with("/*") => text.find("*/").map_or(text.len(), |end| end + 2),
        Some('"') => quoted_length(text, '"'),
        Some('r') if !before.is_some_and(|letter| is_part_of_name(letter) && letter != 'b') => {
            let hashes: String = text[1..].chars().take_while(|letter| *letter == '#').collect();
            let start = 2 + hashes.len();
            if text.get(start - 1..start) != Some("\"") {
                return 0;
            }
            let end = format!("\"{hashes}");
            text[start..].find(&end).map_or(text.len(), |at| start + at + end.len())
        }
        // `'a'` and `'\n'` are characters, `'a` alone is a lifetime.
        Some('\'') if letters.next() == Some('\\') || letters.next() == Some('\'') => {
            quoted_length(text, '\'')
        }
        _ => 0,
    }
}

fn quoted_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    text.len()
}

/// As many spaces, with the ends of lines where they were.
fn blank(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_literals_and_tests_are_no_code() {
        let text = "/// a::b\nfn f<'a>(x: &'a str) -> char { /* { */ g(\"}\\\"\", r#\"\"}\"#, '}', '\\'') }\n\
                    #[cfg(test)]\nuse x::{a, b};\n#[cfg(test)]\nmod tests {\n fn t() { {} }\n}\nstruct S;";
        let code = production(text);
        assert_eq!(code.lines().count(), text.lines().count());
        let expected = "fn f < ' a > ( x : & ' a str ) - > char { g ( , , , ) } ; struct S ;";
        assert_eq!(tokens(&code).join(" "), expected);
    }

    #[test]
    fn a_function_is_as_long_as_its_braces_say() {
        let code = "trait T {\n fn declared();\n}\nfn one() {}\n\nfn four(of: fn(u8)) -> [u8; 2] {\n {\n }\n}\n";
        let seen: Vec<_> =
            functions(code).into_iter().map(|seen| (seen.name, seen.line, seen.lines)).collect();
        assert_eq!(seen, [("one".to_owned(), 4, 1), ("four".to_owned(), 6, 4)]);
    }
}
