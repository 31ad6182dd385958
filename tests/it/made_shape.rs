//! Logs in the shape of those of other programs, and whether `init` describes them: what it writes is read as it is,
//! or with one line edited, and `check` then counts what was put into the log.

use crate::any_log::close;
use crate::world::World;

/// One lookup of a made log.
pub(crate) struct Row {
    pub(crate) place: usize,
    pub(crate) who: usize,
    pub(crate) whom: usize,
    pub(crate) second: i64,
}

impl Row {
    /// The time of the row, written in a format.
    pub(crate) fn at(&self, format: &str) -> String {
        jiff::Timestamp::from_second(self.second).unwrap().strftime(format).to_string()
    }

    pub(crate) fn pick<'v>(&self, values: &[&'v str]) -> &'v str {
        values[self.place % values.len()]
    }
}

pub(crate) const ROWS: usize = 400;
/// How many different requesters and targets there are.
const WHO: usize = 40;
const WHOM: usize = 53;

/// The rows, over three days, in the order of their times.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    (0..ROWS).map(|place| Row {
        place,
        who: place % WHO,
        whom: place * 7 % WHOM,
        second: 1_773_446_400 + place as i64 * 600,
    })
}

pub(crate) fn log(head: &str, row: &dyn Fn(&Row) -> String) -> String {
    let mut text = head.to_owned();
    rows().for_each(|one| text.push_str(&row(&one)));
    text
}

/// A log in the shape of another program's, and what is expected of it.
pub(crate) struct Shape<'s> {
    pub(crate) file: &'s str,
    pub(crate) text: Vec<u8>,
    /// How many lookups it has.
    pub(crate) lookups: usize,
    /// What must stand in the release file.
    pub(crate) lines: &'s [&'s str],
    /// A line that the owner would edit.
    pub(crate) edit: Option<(&'s str, &'s str)>,
    /// Whether it is read with lines that are no records among the others, too.
    pub(crate) has_dirt: bool,
}

impl<'s> Shape<'s> {
    pub(crate) fn new(file: &'s str, text: String, lines: &'s [&'s str]) -> Self {
        // The elements of an array are no lines.
        let has_dirt =
            !text.trim_start().trim_start_matches('\u{feff}').trim_start().starts_with("[{");
        Self { file, text: text.into_bytes(), lookups: ROWS, lines, edit: None, has_dirt }
    }

    /// Writes the log, lets `init` describe it, and compares what `check` counts; the same of a log that others
    /// have written into.
    pub(crate) fn is_described(&self) {
        self.is_described_as(&self.text, self.lines);
        if self.has_dirt {
            self.is_described_as(&with_dirt(&self.text), &[]);
        }
    }

    fn is_described_as(&self, log: &[u8], lines: &[&str]) {
        let world = World::empty();
        let file = format!("logs/{}", self.file);
        world.write(&file, log);
        close(&world, &file, 1_774_000_000);
        let ran = world.run(&["init", "logs", "--out", "new.toml"]);
        assert_eq!(ran.code, 0, "{}: {}", self.file, ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let path = world.path("new.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        for line in lines {
            assert!(text.contains(line), "{}: {line} is not in\n{text}", self.file);
        }
        for secret in ["u7", "10.0.0.7", "1234007", "/p/7", "h7.example"] {
            assert!(!text.contains(secret) && !said.contains(secret), "{secret} is in\n{text}");
        }
        if let Some((from, to)) = self.edit {
            assert!(text.contains(from), "{}: {from} is not in\n{text}", self.file);
            std::fs::write(&path, text.replace(from, to)).unwrap();
        }
        let checked = world.run(&["check", "new.toml", "--json"]);
        assert_eq!(checked.code, 0, "{}: {}{text}", self.file, checked.stdout);
        let facts: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
        let counts = ["lookups", "requesters", "targets"].map(|name| facts[name].as_u64());
        let expected = [self.lookups, WHO, WHOM].map(|count| Some(count as u64));
        assert_eq!(counts, expected, "{}: {facts}\n{text}", self.file);
        let planned = world.run(&["plan", "new.toml", "--lookups", "100000"]);
        assert_eq!(planned.code, 0, "{}: {}{text}", self.file, planned.stderr);
    }
}

/// A log with blank lines, beginnings of lines, and lines of something else.
fn with_dirt(text: &[u8]) -> Vec<u8> {
    let mut dirty = Vec::new();
    for (place, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        dirty.extend_from_slice(line);
        let dirt: &[u8] = match place % 60 {
            _ if place < 10 => b"",
            30 => b"\n",
            31 => b"%%%% nothing of it\r\n",
            32 => b"\xff\xfe\x80 bytes\n",
            33 => &[&line[..line.len() / 5], b"\n"].concat(),
            34 => b"\"\n",
            35 => b"{\"a\":\n",
            _ => b"",
        };
        dirty.extend_from_slice(dirt);
    }
    dirty
}

/// When syslog says that a line was written.
pub(crate) const SYSLOG: &str = "%b %e %H:%M:%S";

/// A request as web servers log it.
pub(crate) fn request(row: &Row) -> String {
    let at = row.at("%d/%b/%Y:%H:%M:%S +0000");
    let status = row.pick(&["200", "404"]);
    format!("10.0.0.{} - - [{at}] \"GET /p/{} HTTP/1.1\" {status} 12", row.who, row.whom)
}
