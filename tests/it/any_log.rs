//! Logs of any other program, read with the release file alone: times, headers, constants, refusals.

use std::time::{Duration, UNIX_EPOCH};

use crate::world::{Ran, World};

/// A release of one question over `logs/*`, with these fields in `[logs]`.
pub(crate) fn world(fields: &str, files: &[(&str, &str)]) -> World {
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
pub(crate) fn checked(world: &World) -> [u64; 3] {
    let ran = world.run(&["check", "release.toml", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rejects =
        json["rejects"].as_object().unwrap().values().map(|count| count.as_u64().unwrap());
    [json["rows"].as_u64().unwrap(), json["lookups"].as_u64().unwrap(), rejects.sum()]
}

/// Lets a file be written to last at this second.
pub(crate) fn close(world: &World, file: &str, second: u64) {
    let file = std::fs::File::options().write(true).open(world.path(file)).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
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

pub(crate) const IDS: &str = "identifier = \"opaque\"\n";

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
    close(&stamps, "logs/a.csv", 1_746_230_400);
    let ran = stamps.run(&retain);
    assert!(ran.stderr.starts_with("warning: the day 2025-03-02 was never released"));
    let left = std::fs::read_to_string(stamps.path("logs/a.csv")).unwrap();
    assert_eq!(left, "requester,target,requested_at\nann,bob,May  2 10:05:03\n");
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
    // A first line may have neither a time nor a digit.
    for text in [
        "ann@x.org,bob@x.org,Monday\n",
        "ann@x.org;bob@x.org;Monday\n",
        "zacharias,bobby,Monday,margaret\nzacharias,bobby,Monday,\n",
        "zacharias\n",
    ] {
        for command in ["check", "retain", "run", "init"] {
            let ran = world(IDS, &[("a.csv", text)])
                .run(&[command, if command == "init" { "logs" } else { "release.toml" }]);
            for secret in ["ann@", "bob", "Monday", "zacharias", "margaret"] {
                assert!(!ran.stderr.contains(secret), "{command}: {}", ran.stderr);
                assert!(!ran.stdout.contains(secret), "{command}: {}", ran.stdout);
            }
        }
    }
    refused(
        &world(IDS, &[("a.csv", "requester;target;requested_at\na;b;2026-03-02T10:05:03Z\n")]),
        &["its header is a single name", "delimiter = \";\""],
    );
    refused(
        &world(
            &format!("{IDS}columns = {{ requester = \"src\" }}"),
            &[("a.csv", "\u{feff}src,dst,when\na,b,c\n")],
        ),
        &["the file has: src, dst, when"],
    );
    refused(
        &world(IDS, &[("a.csv", "Requested-At,Target,a\nb,c,d\n")]),
        &["no column `requester`", "is not shown, since it may be a row"],
    );
    refused(
        &world(IDS, &[("a.csv", "Requester,to,at\nb,c,d\n")]),
        &["did you mean `Requester`?", "is not shown, since it may be a row"],
    );
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
        ("escape = '\"'", "also another mark"),
        ("escape = '\\'\nquote = \"\"", "without quotes"),
        ("null = \"\"", "no word of 1 to 15 bytes"),
        ("pattern = '(?<a>x)'\nescape = '\\'", "pattern` stands beside"),
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

/// As a writer leaves it that died before the end of its first line.
#[test]
fn a_header_that_was_joined_with_a_row_is_not_shown() {
    let joined =
        "requester,target,requested_at,route+14155550123,+14155550124,2026-03-02T10:05:03Z,sms\n";
    let alike = "requester,target,requested_at,latenc41555501 sms\n";
    for (fields, log, words) in [
        ("columns = { target = \"callee\" }", joined, "looks like a row"),
        ("where = \"app IS NULL\"", joined, "the files have: requested_at, requester, sms, target"),
        ("where = \"latency_ms > 1\"", alike, "the files have: requested_at, requester, target"),
    ] {
        let ran = refused(&world(fields, &[("a.csv", log)]), &["a.csv", words]);
        assert!(!ran.stderr.contains("4155"), "{}", ran.stderr);
    }
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
            ("b.txt", &b"\xff\xfea\0;\0b"[..], "is damaged or cut short"),
            ("b.tar", b"", "is an archive"),
            ("b.csv.xz", b"", "is packed in a way that is not read"),
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

#[test]
fn a_column_is_not_taken_for_two_others_that_are_called_so_together() {
    let log = "date,time,date and time,requester,target\n2026-03-02,10:05:03,a,ann,bob\n2026-03-02,10:05:04,b,ann,bob\n";
    let fields = format!(
        "{IDS}columns = {{ requested_at = [\"date\", \"time\"] }}\nwhere = \"\\\"date and time\\\" = 'a'\""
    );
    let clash = world(&fields, &[("a.csv", log)]);
    assert_eq!(checked(&clash), [2, 1, 0]);
    // Messages and ledgers have what it is made from.
    clash.edit("[\"date\", \"time\"]", "[\"time\", \"date\"]");
    let ran = clash.run(&["check", "release.toml"]);
    assert!(ran.stdout.contains("in `time and date`"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_word_can_stand_for_no_value_and_an_escape_before_a_quote() {
    let csv = "requester,target,requested_at,note\nann,bob,2026-03-02T10:05:03Z,\"a \\\"b\\\", c\\\\\"\n\
               \\N,bob,2026-03-02T10:05:03Z,x\nann,bob,2026-03-02T10:05:03Z,\n\"\\N\",\"bob \\\"b\\\"\",2026-03-02T10:05:03Z,x\n";
    let said = world(&format!("{IDS}escape = '\\'\nnull = '\\N'"), &[("a.csv", csv)]);
    assert_eq!(checked(&said), [4, 3, 1]);
    let unsaid = world(&format!("{IDS}null = '\\N'"), &[("a.csv", csv)]);
    assert_eq!(checked(&unsaid), [4, 1, 3]);
    let lines = "2026-03-02T10:05:03Z - b\n2026-03-02T10:05:03Z a b\n";
    let pattern = "pattern = '(?<requested_at>\\S+) (?<requester>\\S+) (?<target>\\S+)'";
    for (null, counts) in [("", [2, 2, 0]), ("\nnull = '-'", [2, 1, 1])] {
        let world = world(&format!("{IDS}{pattern}{null}"), &[("a.txt", lines)]);
        assert_eq!(checked(&world), counts);
    }
}

#[test]
fn a_column_that_comes_late_in_json_is_found_before_logs_are_refused() {
    let mut text = "{\"kind\":\"other\"}\n".repeat(8_000);
    let row = "{\"requester\":\"a\",\"target\":\"b\",\"requested_at\":\"2026-03-02T10:05:03Z\"}\n";
    text.push_str(&row.repeat(1_000));
    assert_eq!(checked(&world(IDS, &[("a.json", &text)])), [9_000, 1_000, 8_000]);
    let none = text.replace("\"target\"", "\"whom\"");
    refused(&world(IDS, &[("a.json", &none)]), &["a.json has no column `target`"]);
}
