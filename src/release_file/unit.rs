//! The privacy unit: whose rows the promise covers, and of which days.

use std::collections::BTreeSet;
use std::path::Path;

use super::logs::Logs;
use super::raw::RawPrivacy;
use crate::{Error, Result};

/// `[privacy] unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Everything that one requester asked on one day.
    RequesterDay,
    /// Everything that one person asked on one day, and everything that was asked about that
    /// person. The promise is about striking these lookups out.
    PersonDay,
}

impl Unit {
    /// The word in a release file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RequesterDay => "requester-day",
            Self::PersonDay => "person-day",
        }
    }

    /// The unit with this word, if this version has it.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::RequesterDay, Self::PersonDay].into_iter().find(|unit| unit.word() == word)
    }

    /// Reads `[privacy] unit`; a release file that names none protects requester-days.
    ///
    /// # Errors
    /// Usage, for a word that names no unit, and for what belonged to a unit of earlier versions.
    pub(super) fn parse(raw: &RawPrivacy) -> Result<Self> {
        if raw.whole_days.is_some() {
            return Err(Error::usage(
                "`[privacy] whole_days` belonged to unit = \"requester-window\", which is gone",
            )
            .help("remove it, and use unit = \"requester-day\""));
        }
        match raw.unit.as_deref() {
            None => Ok(Self::RequesterDay),
            Some("requester-window") => Err(Error::usage(
                "`[privacy] unit` is `requester-window`, which is gone",
            )
            .help(
                "use unit = \"requester-day\": for the same total over 30 days it adds less noise",
            )),
            Some(word) => Self::of_word(word).ok_or_else(|| {
                Error::usage(format!("`[privacy] unit` is `{word}`, which is no privacy unit"))
                    .help("use \"requester-day\" or \"person-day\"")
            }),
        }
    }
}

/// `[privacy] exempt`: identifiers that are publicly known to be no person, such as a business's.
/// What is asked about them is not bounded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exempt {
    identifiers: BTreeSet<String>,
}

impl Exempt {
    /// Reads the list, or the file of one identifier a line that it names; `#` begins a comment.
    ///
    /// # Errors
    /// Usage, naming the place of an entry that is no identifier, and for a list beside a unit that
    /// has no use for it; I/O, when the file cannot be read.
    pub(super) fn parse(raw: &RawPrivacy, unit: Unit, logs: &Logs, folder: &Path) -> Result<Self> {
        let Some(exempt) = &raw.exempt else { return Ok(Self::default()) };
        if unit != Unit::PersonDay {
            return Err(Error::usage("`[privacy] exempt` belongs to unit = \"person-day\"")
                .help("remove it: what is asked about a target is bounded by its requesters"));
        }
        let listed: Vec<String> = match exempt {
            toml::Value::String(file) => lines(&folder.join(file))?,
            toml::Value::Array(listed) => listed
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned).unwrap_or_default())
                .collect(),
            _ => {
                return Err(Error::usage("`[privacy] exempt` is neither a list nor a file")
                    .help("for example exempt = \"services.txt\", one number a line"));
            }
        };
        let mut normaliser = logs.normaliser()?;
        let mut identifiers = BTreeSet::new();
        for (place, entry) in (1..).zip(&listed) {
            let entry = entry.trim();
            let known = match &mut normaliser {
                Some(normaliser) => {
                    normaliser.normalise(entry).map(|number| number.number.to_string())
                }
                None => (!entry.is_empty()).then(|| entry.to_owned()),
            };
            match known {
                Some(known) => {
                    identifiers.insert(known);
                }
                // Blank lines, and lines with a comment alone.
                None if entry.is_empty() && matches!(exempt, toml::Value::String(_)) => {}
                None => {
                    return Err(Error::usage(format!(
                        "entry {place} of `[privacy] exempt` is no identifier"
                    ))
                    .help("give numbers as +49… or as dialled in `[logs] default_region`"));
                }
            }
        }
        Ok(Self { identifiers })
    }

    /// The identifiers: the digits of numbers, or opaque names as they are.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.identifiers.iter().map(String::as_str)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.identifiers.len()
    }

    /// Whether no identifier is exempt.
    pub fn is_empty(&self) -> bool {
        self.identifiers.is_empty()
    }

    /// A digest of the list, for the fingerprint.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for identifier in &self.identifiers {
            hasher.update(identifier.as_bytes()).update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The lines of a file without their comments. A comment begins with `#` at the start of a line or
/// behind a space, since a name may hold a `#`.
fn lines(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::io(format!("the list of `[privacy] exempt`, {}, cannot be read", path.display()))
            .help("its path starts at the release file's folder")
            .because(error)
    })?;
    let without_comment = |line: &str| {
        let mut places = line.match_indices('#').map(|(place, _)| place);
        let comment =
            places.find(|place| line[..*place].chars().next_back().is_none_or(char::is_whitespace));
        line[..comment.unwrap_or(line.len())].to_owned()
    };
    Ok(text.lines().map(without_comment).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release_file::ReleaseFile;

    fn release(privacy: &str) -> Result<ReleaseFile> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("services.txt"),
            "# lines\n+1 415 555 0100\n\n+442079460999 # a bank\n+14155550100\n",
        )
        .unwrap();
        std::fs::write(folder.path().join("bad.txt"), "+14155550100\nnobody\n").unwrap();
        let text = format!(
            "name = \"r\"\n[logs]\npath = \"x\"\n[ledger]\npath = \"r.ledger\"\nepsilon = 1.0\n\
             delta = 1e-6\n[privacy]\n{privacy}\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n"
        );
        ReleaseFile::parse(&text, "r.toml", folder.path())
    }

    #[test]
    fn a_name_with_a_hash_sign_is_exempt_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names.txt");
        std::fs::write(&path, "svc#1\n# a comment\nsvc # the other one\n").unwrap();
        assert_eq!(lines(&path).unwrap(), ["svc#1", "", "svc "]);
        let list = "[logs]\npath = \"x\"\nidentifier = \"opaque\"\n[ledger]\npath = \"r.ledger\"\n\
                    epsilon = 1.0\ndelta = 1e-6\n[privacy]\nunit = \"person-day\"\n\
                    exempt = [\"svc#1\"]\n[[question]]\nname = \"q\"\ncount = \"lookups\"\n";
        let path = folder.path().join("r.toml");
        std::fs::write(&path, format!("name = \"r\"\n{list}")).unwrap();
        let exempt = ReleaseFile::read(&path).unwrap().exempt;
        assert_eq!(exempt.identifiers().collect::<Vec<_>>(), ["svc#1"]);
    }

    #[test]
    fn a_list_is_normalised_and_changes_the_fingerprint() {
        let none = release("unit = \"person-day\"").unwrap();
        let file = release("unit = \"person-day\"\nexempt = \"services.txt\"").unwrap();
        let list = "[\"+442079460999\", \"+1 (415) 555-0100\"]";
        let list = release(&format!("unit = \"person-day\"\nexempt = {list}")).unwrap();
        let numbers: Vec<&str> = file.exempt.identifiers().collect();
        assert_eq!(numbers, ["14155550100", "442079460999"]);
        assert_eq!(file.exempt, list.exempt);
        assert_eq!(file.fingerprint(), list.fingerprint());
        assert_ne!(file.fingerprint(), none.fingerprint());
        assert_ne!(none.fingerprint(), release("").unwrap().fingerprint());
    }

    #[test]
    fn the_unit_that_is_gone_is_refused_by_name_with_what_to_use() {
        for (privacy, names) in [
            ("unit = \"requester-window\"", "`requester-window`, which is gone"),
            ("unit = \"requester-window\"\nwhole_days = 9", "`[privacy] whole_days`"),
            ("whole_days = 9", "`[privacy] whole_days`"),
        ] {
            let error = release(privacy).unwrap_err();
            assert_eq!(error.kind(), crate::Kind::Usage, "{privacy}");
            assert!(error.to_string().contains(names), "{privacy}: {error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("\"requester-day\"")), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_without_quoting_it() {
        for (privacy, names) in [
            ("exempt = []", "belongs to"),
            ("unit = \"person-day\"\nexempt = 3", "neither a list"),
            ("unit = \"person-day\"\nexempt = [\"+14155550100\", \"x\"]", "entry 2"),
            ("unit = \"person-day\"\nexempt = \"bad.txt\"", "entry 2"),
            ("unit = \"person-day\"\nexempt = \"none.txt\"", "none.txt"),
            ("unit = \"person\"", "`person`"),
        ] {
            let error = release(privacy).unwrap_err();
            assert!(error.to_string().contains(names), "{privacy}: {error}");
            assert!(!error.to_string().contains("nobody") && error.hint().is_some(), "{error}");
        }
    }
}
