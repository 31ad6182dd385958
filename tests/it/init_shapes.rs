//! `init` on logs of other programs: what it writes is read as it is, or with one line edited, and `check` then
//! counts what was put into the log.

use std::fmt::Write;

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
    text: Vec<u8>,
    /// How many lookups it has.
    lookups: usize,
    /// What must stand in the release file.
    lines: &'s [&'s str],
    /// A line that the owner would edit.
    edit: Option<(&'s str, &'s str)>,
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

#[test]
fn fields_with_marks_between_them() {
    let iso = "%Y-%m-%dT%H:%M:%SZ";
    for shape in [
        Shape::new(
            "lookups.csv",
            log("whom;who;when;answer\n", &|row| {
                let answer = row.pick(&["1", "0"]);
                format!("u{};u{};{};{answer}\n", row.whom, row.who, row.at(iso))
            }),
            &["delimiter = \";\"", "requester = \"who\"", "route = \"answer\"  # CHECK"],
        ),
        Shape::new(
            "export.csv",
            log("\u{feff}sep=;\r\nRufnummer A;Rufnummer B;Zeitpunkt;Kosten\r\n", &|row| {
                let at = row.at("%d.%m.%Y %H:%M");
                format!(
                    "\"0664 {}\";\"0664 {}\";{at};0,{}\r\n",
                    1_234_000 + row.who,
                    1_234_000 + row.whom,
                    row.place
                )
            }),
            &[
                "time_format = \"%d.%m.%Y %H:%M\"  # no other order",
                "default_region = \"IT\"  # CHECK",
            ],
        ),
        Shape::new(
            "calls.csv",
            log("caller,callee,date,time,\n", &|row| {
                let (day, clock) = (row.at("%d-%m-%Y"), row.at("%I:%M %p"));
                format!("u{},\"u, {}\",{day},{clock},\n", row.who, row.whom)
            }),
            &["time_format = \"%d-%m-%Y %I:%M %p\"", "requested_at = [\"date\", \"time\"]"],
        ),
        Shape::new(
            "quoted.psv",
            log("'time'|'src'|'dst'\n", &|row| {
                let at = row.at("%Y%m%d%H%M%S");
                format!("'{at}'|'u|{}'|'u{}'\n", row.who, row.whom)
            }),
            &["delimiter = \"|\"", "quote = \"'\"", "time_format = \"%Y%m%d%H%M%S\""],
        ),
        Shape::new(
            "stray.csv",
            log("src,dst,time,note\n", &|row| {
                format!("u{},u{},{},a 12\" disk\n", row.who, row.whom, row.at(iso))
            }),
            &["quote = \"\""],
        ),
        Shape::new(
            "pairs.dat",
            log("#made by a program\n#time\tfrom\tto\n", &|row| {
                format!("{}\tu{}\tu{}\n", row.second * 1_000, row.who, row.whom)
            }),
            &[
                "comment = \"#\"",
                "header = [\"time\", \"from\", \"to\"]  # CHECK",
                "time_unit = \"ms\"",
            ],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn logs_without_a_header() {
    let half = ROWS as i64 * 300;
    for shape in [
        Shape::new(
            "CollegeMsg.txt",
            log("", &|row| format!("{} {} {}\n", row.who, row.whom, row.second)),
            &["delimiter = \"blanks\"", "header = false", "time_unit = \"s\"", "requested_at = 3"],
        ),
        Shape::new(
            "email.txt",
            log("", &|row| format!("{} {} {}\r\n", row.who, row.whom, row.place * 600)),
            &[
                "requester = 1  # CHECK",
                "time_unit = \"s\"  # CHECK: the numbers in 3 are no instants",
            ],
        ),
        Shape::new(
            "ratings.csv",
            log("", &|row| {
                let rating = row.pick(&["1", "-10", "2", "1", "10"]);
                format!("{},{},{rating},{}.{}\n", row.who, row.whom, row.second, row.place * 31)
            }),
            &["header = false", "requested_at = 4", "column_3 = 3"],
        ),
        Shape::new(
            "out.graph",
            log("% asym weighted\n", &|row| {
                format!("{}\t{} 1   {}\n", row.who, row.whom, row.second - half)
            }),
            &["comment = \"%\"", "requested_at = 4"],
        ),
        Shape::new(
            "routes.tsv",
            log("", &|row| {
                let answer = row.pick(&["sent", "sms", "failed"]);
                let at = row.at("%Y-%m-%d\t%H:%M:%S");
                format!("{at}\tu{}\tu{}\t{answer}\t\n", row.who, row.whom)
            }),
            &[
                "requested_at = [1, 2]",
                "column = 5, map = { \"failed\" = \"unknown\", \"sent\" = \"messenger\", \"sms\" = \"sms\" }",
            ],
        ),
        Shape::new(
            "squid.log",
            log("", &|row| {
                format!(
                    "{}.{:03} {:6} 10.0.0.{} TCP_MISS/200 {} GET http://h{}.example/ - DIRECT/- text/html\n",
                    row.second,
                    row.place,
                    row.place * 3,
                    row.who,
                    row.place * 5,
                    row.whom
                )
            }),
            &["delimiter = \"blanks\"", "requester = 3", "target = 7"],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn lines_of_servers() {
    let access = |row: &Row| {
        let at = row.at("%d/%b/%Y:%H:%M:%S +0000");
        let status = row.pick(&["200", "404"]);
        format!("10.0.0.{} - - [{at}] \"GET /p/{} HTTP/1.1\" {status} 12", row.who, row.whom)
    };
    let pattern = "pattern = '(?<requester>";
    let stamp = "%b %e %H:%M:%S";
    let login = |row: &Row| match row.place % 4 {
        0 => format!("Failed password for invalid user u{} from 10.0.0.{}", row.whom, row.who),
        1 => format!("Accepted publickey for u{} from 10.0.0.{}", row.whom, row.who),
        _ => format!("Failed password for u{} from 10.0.0.{}", row.whom, row.who),
    };
    let other = "Received disconnect from 10.0.0.1: 11: Bye [preauth]\n";
    let error = |row: &Row| {
        let at = row.at("%a %b %d %H:%M:%S %Y");
        let client = format!("[{at}] [error] [client 10.0.0.{}]", row.who);
        format!(
            "{client} File does not exist: /p/{}\n[{at}] [notice] workerEnv.init() ok\n",
            row.whom
        )
    };
    for shape in [
        Shape::new("access.log", log("", &|row| format!("{}\n", access(row))), &[pattern]),
        Shape::new(
            "combined.1",
            log("", &|row| format!("{} \"-\" \"an \\\"agent\\\" {}\"\n", access(row), row.place)),
            &[pattern, "status = [\"200\", \"404\"]"],
        ),
        Shape::new(
            "vhosts.log",
            log("", &|row| format!("a.example:443 {}\n", access(row)))
                + "a.example:443 10.0.0.1 - - [14/Mar/2026:10:05:03 +0000] \"-\" 408 0\n",
            &["pattern = '\\S+ (?<requester>", "# it matches 400 of 401 lines"],
        ),
        Shape::new(
            "auth.log",
            log("", &|row| {
                let head = format!("{} web sshd[{}]: ", row.at(stamp), row.place);
                format!("{head}{} port {} ssh2\n{head}{other}", login(row), row.place)
            }),
            &[
                "time_format = \"%b %d %H:%M:%S\"",
                "default_year = 2026",
                "skip = \"[]:-] (?:Received)\"",
            ],
        ),
        Shape::new(
            "secure",
            log("", &|row| {
                let head = format!("<86>1 {} web sshd {} - - ", row.at("%FT%TZ"), row.place);
                format!("{head}{} port {} ssh2\n{head}{other}", login(row), row.place)
            }),
            &["kind = [\"Failed\", \"Accepted\"]"],
        ),
        Shape::new("error.log", log("", &error), &["skip = \"[]:-] (?:workerEnv)\""]),
        Shape::new(
            "dnsmasq.log",
            log("", &|row| {
                let head = format!("{} dnsmasq[{}]: ", row.at(stamp), 100 + row.place / 9);
                let query = format!("query[A] h{}.example from 10.0.0.{}\n", row.whom, row.who);
                format!("{head}{query}{head}reply to all is <CNAME>\n")
            }),
            &["requester = \"from\"", "skip = \"[]:-] (?:reply)\""],
        ),
        Shape::new(
            "firewall.log",
            log("", &|row| {
                let more = row.pick(&["PROTO=TCP SPT=1 DPT=2", "PROTO=UDP LEN=3"]);
                let (who, whom) = (row.who, row.whom);
                format!(
                    "{} fw kernel: IN=eth0 OUT= SRC=10.0.0.{who} DST=10.1.0.{whom} {more}\n",
                    row.at(stamp)
                )
            }),
            &["requester = \"src\"", "target = \"dst\"", "proto = [\"TCP\", \"UDP\"]"],
        ),
        Shape::new(
            "app.log",
            log("", &|row| {
                let more = row.pick(&["", " cached=true"]);
                let at = row.at("%Y-%m-%d %H:%M:%S");
                format!(
                    "time=\"{at}\" msg=\"looked up\"{more} caller=u{} callee=u{}\n",
                    row.who, row.whom
                )
            }),
            &["pattern = '(?:.*? )??time=\"(?<requested_at>[^\"]+)\"", "requester = \"caller\""],
        ),
        // A port is no part of who asks.
        Shape::new(
            "haproxy.log",
            log("", &|row| {
                let (who, port) = (row.who, 30_000 + row.place);
                let head = format!("{} lb haproxy[9]: 10.0.0.{who}:{port}", row.at(stamp));
                format!(
                    "{head} fe be {} \"GET /p/{} HTTP/1.1\"\n",
                    row.pick(&["200", "503"]),
                    row.whom
                )
            }),
            &["(?<part_3>[\\d.]+)[:#]\\d+", "requester = \"part_3\""],
        ),
        Shape::new(
            "queries.log",
            log("", &|row| {
                let (at, port) = (row.at("%d-%b-%Y %H:%M:%S"), 30_000 + row.place);
                let client = format!("client 10.0.0.{}#{port}", row.who);
                format!("{at}.250 queries: info: {client} query: h{}.example IN A\n", row.whom)
            }),
            &[],
        ),
        Shape::new(
            "chat.txt",
            log("", &|row| {
                let at = row.at("%-d/%-m/%Y, %H:%M:%S");
                let more = row.pick(&["hello", "how are you", "bye for now then"]);
                format!("[{at}] u{} -> u{}: {more}\n", row.who, row.whom)
            }),
            &["time_format = \"%d/%m/%Y, %H:%M:%S\""],
        ),
        Shape::new(
            "words.txt",
            log("", &|row| {
                let more = row.pick(&["at once", "", "after a while"]);
                let at = row.at("%Y/%m/%d %H:%M:%S");
                format!("[{at}] INFO user=<u{}> asked for u{} {more}\n", row.who, row.whom)
            }),
            &["requester = \"user\"", "target = \"for\""],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn json_and_logs_that_name_their_columns() {
    let object = |row: &Row| {
        let route = row.pick(&["sent", "sms"]);
        format!(
            "{{\"event\":{{\"at\":\"{}\"}},\"src\":{{\"user\":{{\"id\":{}}}}},\"dst\":{{\"id\":{}}},\"answer\":\"{route}\"}}",
            row.at("%FT%TZ"),
            row.who,
            row.whom
        )
    };
    let array = |between: &str| {
        let objects: Vec<String> = rows().map(|row| object(&row)).collect();
        format!("{}[{}]\n", " ".repeat(100), objects.join(between))
    };
    let nested: &[&str] = &[
        "requester = \"src.user.id\"",
        "target = \"dst.id\"",
        "requested_at = \"event.at\"",
        "map = { \"sent\" = \"messenger\", \"sms\" = \"sms\" }",
    ];
    let zeek = "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\n#types\ttime\tstring\taddr\taddr\n";
    let record = |row: &Row| {
        format!("{}.5\tC{}\t10.0.0.{}\t10.1.0.{}\n", row.second, row.place, row.who, row.whom)
    };
    for shape in [
        Shape::new("a.ndjson", log("", &|row| format!("{}\n", object(row))), nested),
        Shape::new("a.json", array(",\n"), nested),
        Shape::new("b.json", format!("\u{feff}{}", array(",")), nested),
        Shape::new(
            "conn.log",
            log(zeek, &record),
            &["requester = \"id.orig_h\"", "time_unit = \"s\""],
        ),
        // A name that says something else.
        Shape::new(
            "conn.csv",
            log(zeek, &record),
            &["header = \"#fields\"", "delimiter = \"\\t\""],
        ),
        Shape::new(
            "dns.log",
            log("", &|row| {
                let name = format!("h{}.example", row.whom);
                format!(
                    "{{\"ts\":{}.25,\"id.orig_h\":\"10.0.0.{}\",\"query\":\"{name}\"}}\n",
                    row.second, row.who
                )
            }),
            &["requester = \"id.orig_h\"", "target = \"query\""],
        ),
        Shape::new(
            "u_ex26.log",
            log(
                "#Version: 1.0\r\n#Fields: date time s-ip cs-method cs-uri-stem c-ip sc-status\r\n",
                &|row| {
                    let (at, status) = (row.at("%F %T"), row.pick(&["200", "404"]));
                    format!("{at} 10.9.9.9 GET /p/{} 10.0.0.{} {status}\r\n", row.whom, row.who)
                },
            ),
            &[
                "requested_at = [\"date\", \"time\"]",
                "requester = \"c-ip\"",
                "target = \"cs-uri-stem\"",
            ],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn what_can_mean_two_things_is_marked_and_one_edit_decides() {
    let short = log("src,dst,time\n", &|row| {
        // The third of some months, or months of some year.
        format!(
            "u{},u{},0{}/03/2026 10:{:02}:00\n",
            row.who,
            row.whom,
            row.place / 50 + 1,
            row.place % 60
        )
    });
    let mut shape = Shape::new(
        "days.csv",
        short,
        &["time_format = \"%d/%m/%Y %H:%M:%S\"  # CHECK: %m/%d/%Y %H:%M:%S reads all times too"],
    );
    shape.edit = Some(("%d/%m/%Y %H:%M:%S\"", "%m/%d/%Y %H:%M:%S\""));
    shape.is_described();
    let halves = log("src,dst,time\n", &|row| {
        let clock =
            format!("{}:{:02} {}", row.place % 12 + 1, row.place % 60, row.pick(&["AM", "PM"]));
        format!("u{},u{},3/{}/2026 {clock}\n", row.who, row.whom, row.place / 50 + 1)
    });
    Shape::new("us.csv", halves, &["time_format = \"%m/%d/%Y %I:%M %p\"  # CHECK"]).is_described();
}

#[test]
fn days_without_a_folder_are_named() {
    let world = World::empty();
    for day in ["02", "03", "05"] {
        let mut text = "requester,target,requested_at\n".to_owned();
        (0..60).for_each(|row| {
            writeln!(text, "+4366412340{row:02},+4366412350{row:02},2026-03-{day}T10:05:{row:02}Z")
                .unwrap();
        });
        world.write(&format!("logs/day=2026-03-{day}/a.csv"), text.as_bytes());
    }
    let ran = world.run(&["init", "logs", "--out", "new.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    assert!(text.contains("goes on with the others. 2026-03-04 has none.\n"), "{text}");
}
