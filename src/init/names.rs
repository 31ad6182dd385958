//! Names of keys: those of columns, in letters that a release file and a table can have.

use super::column::Column;

/// Names that tables of answers use themselves, or whose values are known.
const TAKEN: [&str; 22] = [
    "route",
    "value",
    "quantile",
    "day",
    "week",
    "month",
    "hour",
    "hour_of_week",
    "period",
    "days",
    "of_days",
    "target_region",
    "uninformative",
    "ci_low",
    "ci_high",
    "noise_sd",
    "requested_at",
    "date",
    "whole_period",
    "of_lookups",
    "of_lookups_low",
    "of_lookups_high",
];

/// Small letters with marks, behind what stands for them.
const PLAIN: [(&str, &str); 23] = [
    ("a", "àáâãäåāăą"),
    ("ae", "æ"),
    ("c", "çćĉċč"),
    ("d", "ďđð"),
    ("e", "èéêëēĕėęě"),
    ("g", "ĝğġģ"),
    ("h", "ĥħ"),
    ("i", "ìíîïĩīĭįı"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņňŋ"),
    ("o", "òóôõöøōŏő"),
    ("oe", "œ"),
    ("r", "ŕŗř"),
    ("s", "śŝşšș"),
    ("ss", "ß"),
    ("t", "ţťŧț"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűų"),
    ("w", "ŵ"),
    ("y", "ýÿŷ"),
    ("z", "źżž"),
];

/// The name of the key that a column at this place becomes.
pub(super) fn key_name(column: &Column<'_>, place: usize) -> String {
    let name = plain(column.name());
    let is_app = column.is_called(&["app", "application"]);
    let is_prefix = name.starts_with("target_prefix") || name.starts_with("requester_prefix");
    match name {
        _ if is_app => "app".to_owned(),
        // A list under such a name would have to be one of countries.
        name if name.ends_with("_country") => {
            format!("country_of_{}", name.trim_end_matches("_country"))
        }
        name if !name.contains(|letter: char| letter.is_ascii_alphanumeric()) => {
            format!("column_{}", place + 1)
        }
        name if name.starts_with(|letter: char| letter.is_ascii_digit()) => {
            format!("column_{name}")
        }
        name if TAKEN.contains(&name.as_str()) || is_prefix => format!("log_{name}"),
        name => name,
    }
}

/// A text in ASCII letters, digits and `_`.
pub(super) fn plain(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for letter in text.chars() {
        let is_marked = |marked: &str| letter.to_lowercase().any(|small| marked.contains(small));
        match PLAIN.iter().find(|(_, marked)| is_marked(marked)) {
            Some((plain, _)) if letter.is_uppercase() => name.push_str(&plain.to_uppercase()),
            Some((plain, _)) => name.push_str(plain),
            None if letter.is_ascii_alphanumeric() || letter == '_' => name.push(letter),
            // Of several other characters in a row one is enough.
            None if name.ends_with('_') => {}
            None => name.push('_'),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_their_marks_and_other_characters_become_one() {
        for (text, name) in [
            ("Situação", "Situacao"),
            ("Seção", "Secao"),
            ("ÉTAT", "ETAT"),
            ("Größe", "Grosse"),
            ("id.orig_h", "id_orig_h"),
            ("a (b) c", "a_b_c"),
            ("a__b", "a__b"),
            ("状態", "_"),
        ] {
            assert_eq!(plain(text), name);
        }
    }
}
