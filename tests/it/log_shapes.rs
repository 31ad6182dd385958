//! Logs in shapes that other programs write: each is read as it is, and deletion keeps all of its other bytes.

use crate::any_log::{IDS, checked, close, world};
use crate::world::World;

/// `[logs]` of a log in a shape of its own, the log, and how many rows and lookups it has.
struct Shape {
    fields: &'static str,
    file: &'static str,
    text: &'static str,
    rows: u64,
    lookups: u64,
}

/// Every record of these is of 2026-03-01 or later but for the first one, which is much older.
const SHAPES: [Shape; 17] = [
    // Pairs of a social network: blanks, no header.
    Shape {
        fields: "identifier = \"opaque\"\ntime_unit = \"s\"\nheader = false\ndelimiter = \"blanks\"\n\
                 columns = { requester = 1, target = 2, requested_at = 3 }",
        file: "pairs.txt",
        text: "1 2 1082040961\n3 4  1772445903 \n\n5\t6 1772445904\n7 8\n",
        rows: 4,
        lookups: 3,
    },
    // Mails: seconds from 0, carriage returns.
    Shape {
        fields: "identifier = \"opaque\"\ntime_unit = \"s\"\nheader = false\ndelimiter = \" \"\n\
                 columns = { requester = 1, target = 2, requested_at = 3 }",
        file: "mails.txt",
        text: "582 364 0\r\n168 472 1772445903\r\n",
        rows: 2,
        lookups: 2,
    },
    // Ratings: fractional epochs, and columns behind those that are read.
    Shape {
        fields: "identifier = \"opaque\"\ntime_unit = \"s\"\nheader = false\n\
                 columns = { requester = 1, target = 2, requested_at = 4 }",
        file: "ratings.csv",
        text: "6,2,4,1289241911.72836,\"x,y\"\n6,5,2,1772445903.533\n1,15,1,1772445904.5,more,and more\n1,1\n",
        rows: 4,
        lookups: 3,
    },
    // Calls as a spreadsheet exports them: a byte order mark, semicolons, national numbers.
    Shape {
        fields: "default_region = \"AT\"\ntime_format = \"%d-%m-%Y %H:%M\"\ndelimiter = \";\"\n\
                 columns = { requester = \"From\", target = \"To\", requested_at = \"Date/Time\", app = { value = \"calls\" } }",
        file: "calls.csv",
        text: "\u{feff}From;To;Date/Time;Cost\r\n0664 1234567;01 2345678;02-03-2020 10:05;1,25\r\n\
               0664 1234567;\"01 2345678\";02-03-2026 10:05;\"0,5\"\r\n",
        rows: 2,
        lookups: 2,
    },
    // Names for all columns of a file without a header, another quote, comments.
    Shape {
        fields: "identifier = \"opaque\"\nheader = [\"who\", \"whom\", \"when\"]\nquote = \"'\"\ncomment = \"%\"\n\
                 columns = { requester = \"who\", target = \"whom\", requested_at = \"when\" }",
        file: "listed.csv",
        text: "% it's a comment, with 'quotes\n'a''b',c,2016/03/02 10:05:03\n% more\n'd\ne',\"f,2026/03/02 10:05:03\n\
               one,two\n",
        rows: 3,
        lookups: 2,
    },
    // A web server's log in the extended format, with a second header.
    Shape {
        fields: "identifier = \"opaque\"\n\
                 columns = { requester = \"c-ip\", target = \"cs-uri-stem\", requested_at = [\"date\", \"time\"] }",
        file: "u_ex.log",
        text: "#Software: Internet Information Services\r\n#Version: 1.0\r\n#Fields: date time c-ip cs-uri-stem sc-status\r\n\
               2016-03-02 10:05:03 10.0.0.1 /a 200\r\n2026-03-02 10:05:03 10.0.0.1 - 200\r\n\
               #Fields: date time cs-uri-stem c-ip cs(User-Agent)\r\n\
               2026-03-02 10:05:04 /b 10.0.0.2 \"a browser\"\r\n2026-03-02 10:05:05 /b 10.0.0.2\r\n",
        rows: 4,
        lookups: 2,
    },
    // Zeek, joined from two versions.
    Shape {
        fields: "identifier = \"opaque\"\ntime_unit = \"s\"\n\
                 columns = { requester = \"id.orig_h\", target = \"id.resp_h\", requested_at = \"ts\" }",
        file: "conn.log",
        text: "#separator \\x09\n#fields\tts\tid.orig_h\tid.resp_h\n#types\ttime\taddr\taddr\n1379288667.7\t10.0.0.1\t10.0.0.2\n\
               #close\t2013\n#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\n1772445903.5\tC1\t10.0.0.3\t10.0.0.4\n",
        rows: 2,
        lookups: 2,
    },
    // JSON: names with dots, and nested objects.
    Shape {
        fields: "identifier = \"opaque\"\ntime_unit = \"s\"\n\
                 columns = { requester = \"src.user.id\", target = \"id.resp_h\", requested_at = \"ts\", \
                 route = { column = \"answer.code\", map = { \"1\" = \"messenger\", \"0\" = \"sms\" } } }",
        file: "nested.ndjson",
        text: "{\"ts\":1.5,\"src\":{\"user\":{\"id\":7}},\"id.resp_h\":\"b\",\"answer\":{\"code\":1}}\n\
               {\"ts\":\"1772445903\",\"id\":{\"resp_h\":\"c\"},\"src\":{\"user.id\":\"x\"}}\n\
               {\"src\":\"y\",\"ts\":1772445903,\"id.resp_h\":\"d\"}\n",
        rows: 3,
        lookups: 2,
    },
    // One array of objects, over several lines.
    Shape {
        fields: IDS,
        file: "array.json",
        text: "[\n  {\"requester\": \"a\", \"target\": \"}b\", \"requested_at\": \"2016-03-02 10:05:03 UTC\"},\n  {\n    \
               \"requester\": \"a\\\"\", \"target\": \"b\",\n    \"requested_at\": \"2026-03-02 10:05:03 UTC\"\n  },\n  \
               {\"requester\": \"a\", \"target\": \"c\", \"requested_at\": \"2026-03-02T10:05:04Z\"}\n]\n",
        rows: 3,
        lookups: 3,
    },
    Shape {
        fields: IDS,
        file: "one_line.json",
        text: "[{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2016-03-02T10:05:03Z\"},\
               {\"requester\":\"a\",\"target\":\"c\",\"requested_at\":\"2026-03-02T10:05:04Z\"}]",
        rows: 2,
        lookups: 2,
    },
    // Access logs of Apache and nginx.
    Shape {
        fields: "identifier = \"opaque\"\n\
                 pattern = '(?<requester>\\S+) \\S+ \\S+ \\[(?<requested_at>[^\\]]+)\\] \"\\S+ (?<target>\\S+) [^\"]*\" (?<status>\\d+) .*'",
        file: "access.log",
        text: "10.0.0.1 - - [17/May/2016:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"é\"\n\
               10.0.0.1 - bob [02/Mar/2026:10:05:03 +0000] \"GET /b HTTP/1.1\" 304 - \"-\" \"x\"\r\n\
               10.0.0.2 - - [02/Mar/2026:10:05:03 +0000] \"-\" 408 - \"-\" \"-\"\n",
        rows: 3,
        lookups: 2,
    },
    // sshd by way of syslog: stamps without a year, and lines of other kinds.
    Shape {
        fields: "identifier = \"opaque\"\ntime_format = \"%b %d %H:%M:%S\"\ndefault_year = 2025\n\
                 pattern = '(?<requested_at>\\w+ +\\d+ [\\d:]+) \\S+ sshd\\[\\d+\\]: (?<kind>\\w+) password for (?:invalid user )?(?<target>.*) from (?<requester>\\S+) port \\d+ ssh2'\n\
                 skip = 'pam_unix|Connection closed'",
        file: "auth.log",
        text: "Jan  2 10:05:03 web sshd[1]: Failed password for invalid user x from y from 10.0.0.1 port 22 ssh2\n\
               Jan  2 10:05:03 web sshd[1]: Connection closed by 10.0.0.1\n\
               Mar  2 10:05:03 web sshd[1]: Accepted password for root from 10.0.0.1 port 22 ssh2\n",
        rows: 2,
        lookups: 2,
    },
    // Postfix and the like: the map of values and a constant in text that a pattern takes apart.
    Shape {
        fields: "identifier = \"opaque\"\n\
                 pattern = '(?<requested_at>\\S+) (?<who>\\S+) -> (?<whom>\\S+) (?<ok>\\d)'\n\
                 columns = { requester = \"who\", target = \"whom\", route = { column = \"ok\", map = { \"1\" = \"messenger\" } } }",
        file: "arrows.txt",
        text: "2016-03-02T10:05:03Z a -> b 1\n2026-03-02T10:05:03Z a -> b 0\nnonsense\n",
        rows: 3,
        lookups: 2,
    },
    // Pipes, and a header behind a comment mark.
    Shape {
        fields: "identifier = \"opaque\"\ndelimiter = \"|\"\nheader = \"#fields\"",
        file: "pipes.txt",
        text: "# made by a program\n#fields|requester|target|requested_at\na|b|2016-03-02T10:05:03Z\na|\"b|2026-03-02T10:05:03Z\n",
        rows: 2,
        lookups: 2,
    },
    // Tabs in a file that is called .csv.
    Shape {
        fields: "identifier = \"opaque\"\ndelimiter = \"\\t\"",
        file: "tabs.csv",
        text: "requester\ttarget\trequested_at\na\tb\t2016-03-02T10:05:03Z\n\"a\tb\t2026-03-02T10:05:03Z\n",
        rows: 2,
        lookups: 2,
    },
    // Mails' own dates.
    Shape {
        fields: IDS,
        file: "mails.tsv",
        text: "requester\ttarget\trequested_at\na\tb\tWed, 02 Mar 2016 10:05:03 +0000\nc\td\tMon, 2 Mar 2026 10:05:03 GMT\n",
        rows: 2,
        lookups: 2,
    },
    // A column that rows have from some line on.
    Shape {
        fields: NUMBERED_COLUMNS,
        file: "grown.csv",
        text: "a,b,1456913103\nc,d,1772445903,12\n",
        rows: 2,
        lookups: 2,
    },
];

const NUMBERED_COLUMNS: &str = "identifier = \"opaque\"\ntime_unit = \"s\"\nheader = false\n\
                                columns = { requester = 1, target = 2, requested_at = 3 }";

impl Shape {
    fn world(&self) -> World {
        world(self.fields, &[(self.file, self.text)])
    }
}

#[test]
fn logs_of_other_shapes_are_read_as_they_are() {
    for shape in &SHAPES {
        let expected = [shape.rows, shape.lookups, shape.rows - shape.lookups];
        assert_eq!(checked(&shape.world()), expected, "{}", shape.file);
    }
}

#[test]
fn deletion_keeps_every_other_byte_of_other_shapes() {
    for shape in &SHAPES {
        // A record without a time keeps deletion away from the whole log: any_log.rs has that.
        let unread = ["7 8\n", "1,1\n", "one,two\n", "nonsense\n"];
        let bad = "2026-03-02 10:05:05 /b 10.0.0.2\r\n";
        let mut text =
            unread.iter().fold(shape.text.to_owned(), |text, line| text.replace(line, ""));
        text = text
            .replace(bad, "")
            .replace("10.0.0.2 - - [02/Mar/2026:10:05:03 +0000] \"-\" 408 - \"-\" \"-\"\n", "");
        let world = world(shape.fields, &[(shape.file, &text)]);
        let path = world.path(&format!("logs/{}", shape.file));
        close(&world, &format!("logs/{}", shape.file), 1_746_230_400);
        let as_of = if shape.file == "auth.log" { "2025-03-10" } else { "2026-03-10" };
        let ran = world.run(&["retain", "release.toml", "--as-of", as_of]);
        // Times that began at 0 are too old to be believed.
        if matches!(
            shape.file,
            "pairs.txt" | "mails.txt" | "ratings.csv" | "conn.log" | "nested.ndjson"
        ) {
            assert_eq!(ran.code, 65, "{}: {}", shape.file, ran.stderr);
            continue;
        }
        assert!(ran.stderr.starts_with("warning: the day"), "{}: {}", shape.file, ran.stderr);
        let left = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.split_inclusive('\n').collect();
        let gone = kept
            .iter()
            .position(|line| ["2016", "2020", "Jan", "1456"].iter().any(|old| line.contains(old)));
        let expected = match shape.file {
            "one_line.json" => text.replace(
                "{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2016-03-02T10:05:03Z\"},",
                "",
            ),
            "array.json" => format!("[\n  {}", &text[text.find("{\n").unwrap()..]),
            _ => {
                let gone = gone.unwrap();
                kept.iter()
                    .enumerate()
                    .filter(|(place, _)| *place != gone)
                    .map(|(_, line)| *line)
                    .collect()
            }
        };
        assert_eq!(left, expected, "{}", shape.file);
        assert_eq!(world.run(&["check", "release.toml"]).code, 0);
    }
}

#[test]
fn text_in_utf_16_is_read_and_keeps_its_form() {
    let head = "\u{feff}requester\ttarget\trequested_at\r\n";
    let (old, new) = (
        "ü\tb\t2016-03-02T10:05:03Z\r\n",
        "ü\t\u{1f600}\t2026-03-02T10:05:03Z\r\nü\tb\tno time\r\n",
    );
    let row = "{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2026-03-02T10:05:03Z\"}\n";
    type Bytes = fn(u16) -> [u8; 2];
    for bytes in [u16::to_le_bytes as Bytes, u16::to_be_bytes] {
        let wide = |text: &str| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let world = world(&format!("{IDS}delimiter = \"\\t\""), &[]);
        world.write("logs/a.txt", &wide(&[head, old, new].concat()));
        world.write("logs/b.json", &wide(&format!("\u{feff}{row}")));
        assert_eq!(checked(&world), [4, 3, 1]);
        // A time that cannot be read keeps deletion away.
        let new = new.replace("ü\tb\tno time\r\n", "");
        world.write("logs/a.txt", &wide(&[head, old, &new].concat()));
        close(&world, "logs/a.txt", 1_746_230_400);
        let ran = world.run(&["retain", "release.toml", "--as-of", "2026-03-10"]);
        assert!(ran.stderr.starts_with("warning: the day"), "{}", ran.stderr);
        let left = std::fs::read(world.path("logs/a.txt")).unwrap();
        assert_eq!(left, wide(&[head, &new].concat()));
    }
}

/// What stands for no value is declared, also where a log says itself how it is divided.
#[test]
fn a_word_for_no_value_counts_in_a_log_that_is_known_by_its_beginning() {
    let fields = "identifier = \"opaque\"\ntime_unit = \"s\"\nnull = \"none\"\n\
                  columns = { requester = \"who\", target = \"whom\", requested_at = \"ts\" }";
    let text = "#separator \\x09\n#fields\tts\twho\twhom\n1772445903.1\ta\tb\n1772445904.2\tnone\tb\n\
                1772445905.3\tc\td\n1772445906.4\te\tb\n";
    let world = world(fields, &[("conn.log", text)]);
    assert_eq!(checked(&world), [4, 3, 1]);
}

/// `check` names settings that none of the files takes.
#[test]
fn marks_that_divide_nothing_are_named() {
    let line = "{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2026-03-02T10:05:03Z\"}\n";
    let fields = "identifier = \"opaque\"\nnull = \"-\"\ndelimiter = \";\"";
    let world_of =
        |files: &[(&str, &str)]| world(fields, files).run(&["check", "release.toml"]).stdout;
    let said = world_of(&[("a.ndjson", line)]);
    for field in ["null", "delimiter"] {
        assert!(said.contains(&format!("`[logs] {field}` does nothing")), "{said}");
    }
    let csv = "requester;target;requested_at\na;b;2026-03-02T10:05:03Z\n";
    let said = world_of(&[("a.ndjson", line), ("b.csv", csv)]);
    assert!(!said.contains("does nothing"), "{said}");
}
