//! Logs of other shapes, read with the release file alone.

use crate::world::{Ran, World};

/// A release of one question over `logs/*`, with these fields in `[logs]`.
fn world(fields: &str, files: &[(&str, &str)]) -> World {
    let world = World::empty();
    let release = format!(
        "name = \"daily\"\n[logs]\npath = \"logs/*\"\n{fields}\n[ledger]\npath = \"daily.ledger\"\n\
         epsilon = 1.0\ndelta = 1e-6\n[[question]]\nname = \"volume\"\ncount = \"lookups\"\nby = [\"hour\"]\n"
    );
    world.write("release.toml", release.as_bytes());
    for (name, text) in files {
        world.write(&format!("logs/{name}"), text.as_bytes());
    }
    world
}

/// What `check` counts: rows, lookups, rejects.
fn checked(world: &World) -> [u64; 3] {
    let ran = world.run(&["check", "release.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rejects =
        json["rejects"].as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    [json["rows"].as_u64().unwrap(), json["lookups"].as_u64().unwrap(), rejects.sum()]
}

/// A check that must fail without a word of the log.
fn refused(world: &World, words: &[&str]) -> Ran {
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.stderr);
    }
    ran
}

const IDS: &str = "identifier = \"opaque\"\n";

#[test]
fn dates_that_can_mean_several_days_are_asked_for_without_a_word_of_a_row() {
    let log = "requester,target,requested_at\nann,bob,03/02/2026 10:05:07\n";
    let asking = world(IDS, &[("a.csv", log)]);
    let ran = refused(
        &asking,
        &[
            "a.csv: the time column `requested_at` holds dates that can mean several days",
            "\"%d/%m/%Y %H:%M:%S\" or \"%m/%d/%Y %H:%M:%S\"",
        ],
    );
    for secret in ["ann", "bob", "03", "2026", "10:05"] {
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
    asking.edit("[ledger]", "time_format = \"%d/%m/%Y %H:%M:%S\"\n[ledger]");
    assert_eq!(checked(&asking), [1, 1, 0]);
    asking.edit("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S");
    refused(&asking, &["holds times that `[logs] time_format` does not describe"]);
}

#[test]
fn one_log_may_spell_its_times_in_several_ways() {
    let log = "requester,target,requested_at\n\
               ann,bob,2026/03/02 10:05:03\nann,bob,[02/Mar/2026:10:05:03 +0000]\n\
               ann,bob,\"Mon, 02 Mar 2026 10:05:03 GMT\"\nann,bob,2026-03-02T10:05:03Z\n\
               ann,bob,\"1772445903\"\n";
    assert_eq!(checked(&world(&format!("{IDS}time_unit = \"s\""), &[("a.csv", log)])), [5, 5, 0]);
    // What needs a declaration is a reject where other rows show that the log has times.
    assert_eq!(checked(&world(IDS, &[("a.csv", log)])), [5, 4, 1]);
}

#[test]
fn rows_whose_year_is_not_known_for_sure_are_never_deleted() {
    let log = "requester,target,requested_at\nann,bob,Mar  2 10:05:03\nann,bob,May  2 10:05:03\n";
    let fields = "time_format = \"%b %d %H:%M:%S\"\ndefault_year = 2025";
    let stamps = world(&format!("{IDS}{fields}"), &[("a.csv", log)]);
    assert_eq!(checked(&stamps), [2, 2, 0]);
    let retain = ["retain", "release.toml", "--as-of", "2025-05-10"];
    let ran = stamps.run(&retain);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("was written to after 2025"), "{}", ran.stderr);
    // A file that was closed within the year holds rows of no later one.
    let file = std::fs::File::options().write(true).open(stamps.path("logs/a.csv")).unwrap();
    let closed = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_746_230_400);
    file.set_modified(closed).unwrap();
    drop(file);
    let ran = stamps.run(&retain);
    assert!(ran.stderr.starts_with("warning: rows of the day 2025-03-02 were deleted"));
    let left = std::fs::read_to_string(stamps.path("logs/a.csv")).unwrap();
    assert_eq!(left, "requester,target,requested_at\nann,bob,May  2 10:05:03\n");
}

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
        let ran = shape.world().run(&["check", "release.toml", "--json"]);
        assert_eq!(ran.code, 0, "{}: {}", shape.file, ran.stderr);
        let [rows, lookups, rejects] = checked(&shape.world());
        let expected = [shape.rows, shape.lookups, shape.rows - shape.lookups];
        assert_eq!([rows, lookups, rejects], expected, "{}", shape.file);
    }
}

#[test]
fn deletion_keeps_every_other_byte_of_other_shapes() {
    for shape in &SHAPES {
        // A record without a time keeps deletion away from the whole log: see the next test.
        let unread = ["7 8\n", "1,1\n", "one,two\n", "nonsense\n"];
        let bad = "2026-03-02 10:05:05 /b 10.0.0.2\r\n";
        let mut text =
            unread.iter().fold(shape.text.to_owned(), |text, line| text.replace(line, ""));
        text = text
            .replace(bad, "")
            .replace("10.0.0.2 - - [02/Mar/2026:10:05:03 +0000] \"-\" 408 - \"-\" \"-\"\n", "");
        let world = world(shape.fields, &[(shape.file, &text)]);
        let path = world.path(&format!("logs/{}", shape.file));
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        let closed =
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_746_230_400);
        file.set_modified(closed).unwrap();
        drop(file);
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
        assert!(ran.stderr.starts_with("warning: rows of"), "{}: {}", shape.file, ran.stderr);
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
fn what_cannot_be_dated_is_never_deleted() {
    let pattern = "identifier = \"opaque\"\npattern = '(?<requested_at>\\S+Z) (?<requester>\\S+) (?<target>\\S+)'\n";
    let text = "2016-03-02T10:05:03Z a b\nanother kind\n";
    let unread = world(pattern, &[("a.log", text)]);
    let closed = |world: &World| {
        let file = std::fs::File::options().write(true).open(world.path("logs/a.log")).unwrap();
        file.set_modified(
            std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000),
        )
        .unwrap();
    };
    closed(&unread);
    let retain = ["retain", "release.toml", "--as-of", "2017-03-10"];
    let ran = unread.run(&retain);
    assert_eq!(ran.code, 65, "{}", ran.stderr);
    assert!(ran.stderr.contains("has a row whose time cannot be read"), "{}", ran.stderr);
    // Lines that are left out stay, and so does their file.
    unread.edit("pattern =", "skip = '^another'\npattern =");
    assert_eq!(checked(&unread), [1, 1, 0]);
    let ran = unread.run(&retain);
    assert!(ran.stderr.starts_with("warning: rows of"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(unread.path("logs/a.log")).unwrap(), "another kind\n");
}

#[test]
fn a_log_without_a_header_shows_nothing_of_its_first_line() {
    for (file, text) in [
        ("a.csv", "ann,bob,1772445903,secretive\n"),
        ("a.csv", "ann;bob;02/Mar/2026:10:05:03;secretive\n"),
        ("a.tsv", "ann\tbob\t2026-03-02T10:05:03Z\tsecretive\n"),
    ] {
        for fields in [IDS.to_owned(), format!("{IDS}columns = {{ requester = \"src\" }}")] {
            let ran =
                refused(&world(&fields, &[(file, text)]), &["looks like a row", "header = false"]);
            for secret in ["ann", "bob", "2026", "1772", "secretive"] {
                assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
            }
        }
    }
    refused(
        &world(IDS, &[("a.csv", "requester;target;requested_at\na;b;2026-03-02T10:05:03Z\n")]),
        &["its header is a single name", "delimiter = \";\""],
    );
    refused(
        &world(IDS, &[("a.csv", "\u{feff}src,dst,when\na,b,c\n")]),
        &["the file has: src, dst, when"],
    );
    let wide = world(IDS, &[]);
    wide.write("logs/a.csv", b"\xff\xfer\0e\0q\0");
    refused(&wide, &["is UTF-16 text", "convert it to UTF-8"]);
}

#[test]
fn fields_that_make_no_sense_together_are_refused_with_their_line() {
    for (fields, words) in [
        ("header = false", "`requester` would read the column `requester`, which is not declared"),
        ("header = false\ncolumns = { requester = \"src\" }", "is no position"),
        ("columns = { requester = 1 }", "is a position"),
        ("header = false\ncolumns = { requester = 0, target = 1, requested_at = 2 }", "column `0`"),
        ("header = [\"requester\", \"target\"]", "column `requested_at`"),
        ("header = [\"a\", \"a\"]", "one for two"),
        ("header = \"#columns\"", "cannot be read"),
        ("header = \"#fields\"\nquote = \"'\"", "`#fields`"),
        ("delimiter = \"::\"", "not one ASCII character"),
        ("delimiter = \"a\"", "not one ASCII character"),
        ("delimiter = \";\"\nquote = \";\"", "also another mark"),
        ("comment = \",\"", "also another mark"),
        ("pattern = '(?<requester>\\S+)'", "column `target`"),
        ("pattern = '(\\S+'", "no regular expression"),
        ("pattern = 'x)|(?:y'", "no regular expression"),
        ("pattern = '(?<a>x)'\ndelimiter = \";\"", "pattern` stands beside"),
        ("skip = 'x'", "needs `pattern`"),
        ("pattern = '(?<requester>a)(?<target>b)(?<requested_at>c)'\nskip = ''", "in every line"),
        ("columns = { target = { value = \"x\" } }", "may only be a column"),
        ("columns = { target = [\"a\", \"b\"] }", "joins columns"),
        ("columns = { route = { column = \"x\", map = { \"1\" = \"mesenger\" } } }", "`mesenger`"),
        ("columns = { route = { column = \"x\", map = {} } }", "empty map"),
        (
            "columns = { route = { column = \"requester\", map = { \"1\" = \"sms\" } } }",
            "protected",
        ),
        ("columns = { requested_at = [\"date\", \"time\"] }\nwhere = \"date = 'x'\"", "where"),
        ("columns = { app = { column = \"x\", mapp = {} } }", "expected a column"),
    ] {
        let ran = world(fields, &[]).run(&["plan", "release.toml"]);
        assert_eq!(ran.code, 2, "{fields}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{fields}: {}", ran.stderr);
        let is_placed = ran.stderr.contains("release.toml: line ");
        let has_no_line = ["protected", "`mesenger`", "where"];
        assert!(is_placed || has_no_line.contains(&words), "{}", ran.stderr);
    }
}

#[test]
fn constants_and_maps_reach_the_keys() {
    let world = world(
        "identifier = \"opaque\"\nwhere = \"route = 'messenger' AND app = 'calls'\"\n\
         columns = { app = { value = \"calls\" }, route = { column = \"status\", map = { \"1\" = \"messenger\", \"0\" = \"sms\" } } }",
        &[
            (
                "a.csv",
                "requester,target,requested_at,status\na,b,2026-03-02T10:05:03Z,1\na,b,2026-03-02T10:05:03Z,0\n",
            ),
            (
                "b.ndjson",
                "{\"requester\":1,\"target\":2,\"requested_at\":\"2026-03-02T10:05:03Z\",\"status\":1}\n\
                          {\"requester\":1,\"target\":2,\"requested_at\":\"2026-03-02T10:05:03Z\",\"status\":7}\n",
            ),
        ],
    );
    world.edit("[ledger]", "[keys]\napp = [\"calls\"]\n[ledger]");
    assert_eq!(checked(&world), [4, 2, 0]);
}

#[test]
fn files_of_one_log_may_differ() {
    let files = [
        ("a.csv", "requester,target,requested_at\na,b,2026-03-02T10:05:03Z\n"),
        // Another order, a column more, a zone.
        ("b.csv", "app,requested_at,target,requester\ncalls,2026-03-02 12:05:03 +0200,b,a\n"),
        // Numbers for texts.
        ("c.ndjson", "{\"requester\":1,\"target\":2,\"requested_at\":\"2026/03/02 10:05:03\"}\n"),
    ];
    let mixed = world(&format!("{IDS}where = \"app IS NULL\""), &files);
    assert_eq!(checked(&mixed), [3, 2, 0]);
    // Without the unit of one file's times, its rows are rejects; with no other file it is refused.
    let epochs = "requester,target,requested_at\na,b,1772445903\n";
    let mixed = world(IDS, &[files[0], ("d.csv", epochs)]);
    assert_eq!(checked(&mixed), [2, 1, 1]);
    refused(&world(IDS, &[("d.csv", epochs)]), &["d.csv: the time column", "time_unit"]);
    // A file that lacks what every lookup needs is refused by name.
    let lacking = "requester,requested_at\na,2026-03-02T10:05:03Z\n";
    refused(&world(IDS, &[files[0], ("e.csv", lacking)]), &["e.csv has no column `target`"]);
}

#[test]
fn a_record_that_begins_like_a_header_changes_no_record_behind_it() {
    let log = "#Fields: date time requester target\n2026-03-02 10:05:03 a t\n2026-03-02 10:05:03 b t\n\
               #Fields: date time target requester\n2026-03-02 10:05:03 t c\n\
               #Fields: date time\n2026-03-02 10:05:03 t d\n2026-03-02 10:05:03 t e\n";
    let fields = format!("{IDS}columns = {{ requested_at = [\"date\", \"time\"] }}");
    let joined = world(&fields, &[("u_ex.log", log)]);
    assert_eq!(checked(&joined), [5, 5, 0]);
    let ran = joined.run(&["check", "release.toml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&json["requesters"], &json["targets"]), (&5.into(), &1.into()));
}

#[test]
fn a_file_that_cannot_be_text_is_refused_before_a_charge_where_none_has_a_header() {
    let separated = "delimiter = \";\"\nheader = false\n\
                     columns = { requester = 1, target = 2, requested_at = 3 }";
    let pattern = "pattern = '(?<requester>\\w+);(?<target>\\w+);(?<requested_at>.+)'";
    for fields in [separated, pattern] {
        for (name, bytes, words) in [
            ("b.txt", &b"\xff\xfea\0;\0b\0"[..], "is UTF-16 text"),
            ("b.txt.gz", b"a;b;2026-03-02 10:05:03\n", "is damaged or cut short"),
        ] {
            let log = ("a.txt", "a;b;2026-03-02 10:05:03\n");
            let world = world(&format!("{IDS}{fields}"), &[log]);
            world.write(&format!("logs/{name}"), bytes);
            let ran = world.day("2026-03-02");
            assert_eq!(ran.code, 65, "{}", ran.stderr);
            assert!(ran.stderr.contains(&format!("{name} {words}")), "{}", ran.stderr);
            let is_charged = || !world.ledger()["entries"].as_array().unwrap().is_empty();
            assert!(!world.path("daily.ledger").exists() || !is_charged(), "{fields}");
        }
    }
}

#[test]
fn an_empty_array_is_a_file_without_a_row() {
    let row = "[{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2026-03-02T10:05:03Z\"}]";
    assert_eq!(checked(&world(IDS, &[("a.json", "[ ]\n"), ("b.json", row)])), [1, 1, 0]);
    refused_for_no_row(&world(IDS, &[("a.json", "[\n]\n")]));
    refused_for_no_row(&world(IDS, &[("a.json", "")]));
}

/// Such logs have nothing to publish, and no fault that a run would end with.
fn refused_for_no_row(world: &World) {
    let ran = world.run(&["check", "release.toml"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (65, ""), "{}", ran.stderr);
    assert!(ran.stdout.contains("the files hold no row"), "{}", ran.stdout);
}

#[test]
fn a_log_without_a_header_may_have_more_columns_than_are_read() {
    for (delimiter, log) in [
        ("blanks", "1 2 1772445903\n1 2 1772445903 x  y\n1 2\n1\t2\t1772445903 \"\n"),
        (";", "1;2;1772445903\n1;2;1772445903;x;;y\n1;2\n1;2;1772445903;\n"),
    ] {
        let fields = format!(
            "{IDS}time_unit = \"s\"\nheader = false\ndelimiter = {delimiter:?}\n\
             columns = {{ requester = 1, target = 2, requested_at = 3 }}"
        );
        assert_eq!(checked(&world(&fields, &[("a.txt", log)])), [4, 3, 1], "{delimiter}");
    }
}

#[test]
fn what_is_said_about_text_does_not_hold_for_json() {
    let json = "{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2026-03-02T10:05:03Z\"}\n";
    let pattern = "pattern = '(?<requester>\\w+) (?<target>\\w+) (?<requested_at>.+)'";
    for (fields, text) in [
        (pattern, "a b 2026-03-02 10:05:03\n"),
        ("delimiter = ';'", "requester;target;requested_at\na;b;2026-03-02 10:05:03\n"),
    ] {
        let files = [("a.txt", text), ("b.json", json)];
        assert_eq!(checked(&world(&format!("{IDS}{fields}"), &files)), [2, 2, 0]);
    }
}
