//! The words of the house: plain English, and one word for one idea.
//!
//! The limits are what the tree holds. Whoever makes a count smaller lowers its limit; a larger limit
//! needs a reason. `docs/glossary.md` has the words to use.

use std::path::{Path, PathBuf};

/// Phrases of a dialect that a reader from elsewhere reads twice, what to write, and the limit.
const TELL_TALES: [(&[&str], &str, usize); 7] = [
    (
        &["tell", "tells", "told", "telling"],
        "states, shows, reports, is given, `None` if unknown",
        11,
    ),
    (&["so many", "so often"], "`count` of them, at least this many", 1),
    (&["none where"], "`None` if", 2),
    (&["as ever", "of before", "as before"], "as in the first stage, as in section 2", 1),
    (&["far to seek", "no news", "nobody s"], "say it in a whole sentence", 0),
    (&["nobody tells", "nobody knows", "who is who"], "if it is unknown", 0),
    (&["anew"], "again", 2),
];

/// Words that meant several things, in `src` alone: the mixed use, what to write, and the limit.
const MIXED: [(&[&str], &str, usize); 4] = [
    (
        &["units of 2 16", "in lattice units", "lattice units"],
        "lattice steps; a unit is the privacy unit",
        4,
    ),
    (&["window of 30", "windows of 30", "over a window"], "30 days, or a span of several days", 0),
    (&["spec"], "the release file", 2),
    (&["private key", "private keys"], "private prefixes", 0),
];

#[test]
fn sentences_are_plain_english() {
    let files = texts(&[
        "src",
        "tests",
        "benches",
        "docs",
        "data",
        "notebooks",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ]);
    for (phrases, instead, limit) in TELL_TALES {
        require_few(&files, phrases, instead, limit);
    }
}

#[test]
fn one_word_stands_for_one_idea() {
    let files = texts(&["src"]);
    for (phrases, instead, limit) in MIXED {
        require_few(&files, phrases, instead, limit);
    }
}

#[test]
fn phrases_are_found_across_lines_and_in_names() {
    let text = words("/// None\n    /// where it is so\n// many. `unless_told_to`");
    assert_eq!(text, " none where it is so many unless told to ");
    for (phrase, times) in [("so many", 1), ("none where", 1), ("told", 1), ("old", 0)] {
        assert_eq!(count(&text, phrase), times, "{phrase}");
    }
    assert_eq!(count(" anew anew ", "anew"), 2);
}

/// Fails if the phrases occur more often than allowed, and names the files with the most of them.
fn require_few(files: &[(PathBuf, String)], phrases: &[&str], instead: &str, limit: usize) {
    let of = |text: &str| phrases.iter().map(|phrase| count(text, phrase)).sum::<usize>();
    let mut counts: Vec<(usize, &Path)> =
        files.iter().map(|(path, text)| (of(text), path.as_path())).collect();
    let total: usize = counts.iter().map(|(count, _)| count).sum();
    counts.sort_by(|left, right| right.cmp(left));
    counts.truncate(12);
    assert!(
        total <= limit,
        "{phrases:?}: {total} times, at most {limit} allowed. Write: {instead}. {counts:?}"
    );
}

/// How often a phrase stands in a text of words, whole words only.
fn count(words: &str, phrase: &str) -> usize {
    let phrase = format!(" {phrase} ");
    // A match shares its last space with the next one.
    words
        .match_indices(&phrase[..phrase.len() - 1])
        .filter(|(at, found)| words[at + found.len()..].starts_with(' '))
        .count()
}

/// The words of a text in small letters, with one space around each; names are split at `_`.
fn words(text: &str) -> String {
    let mut words = String::from(" ");
    for word in text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
    {
        words.push_str(&word.to_lowercase());
        words.push(' ');
    }
    words
}

/// The words of every text file under these places, this one left out.
fn texts(places: &[&str]) -> Vec<(PathBuf, String)> {
    const ENDINGS: [&str; 6] = ["rs", "md", "py", "toml", "sql", "ipynb"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<PathBuf> = places.iter().map(|place| root.join(place)).collect();
    let mut texts = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
            && !path.ends_with("tests/it/language.rs")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            texts.push((path.strip_prefix(root).unwrap().to_path_buf(), words(&text)));
        }
    }
    assert!(texts.len() > 50);
    texts
}
