//! `init` on logs that cannot be described, which are refused with what would mend it, on those that are only described
//! with a mark, and on logs that rotate.

use std::fmt::Write;

use crate::any_log::close;
use crate::made_shape::{ROWS, Row, SYSLOG, log, request, rows};
use crate::world::World;

#[test]
fn an_address_with_a_port_is_marked_where_nothing_can_part_them() {
    let world = World::empty();
    let text = log("client,host,time\n", &|row| {
        format!("10.0.0.{}:{},h{},{}\n", row.who, row.place, row.whom, row.at("%FT%TZ"))
    });
    world.write("logs/a.csv", text.as_bytes());
    assert_eq!(world.run(&["init", "logs", "--out", "new.toml"]).code, 0);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    assert!(
        text.contains("# CHECK: who asks? Each port would be a requester of its own"),
        "{text}"
    );
}

#[test]
fn logs_that_rotate_are_one_log() {
    let part = |head: &str, from: usize, to: usize, row: &dyn Fn(&Row) -> String| {
        let rows = rows().filter(|row| (from..to).contains(&row.place));
        rows.fold(head.to_owned(), |text, one| text + &row(&one))
    };
    let packed = |text: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let line = |row: &Row| format!("{}\n", request(row));
    let record = |row: &Row| format!("u{},u{},{}\n", row.who, row.whom, row.at("%FT%TZ"));
    let head = "caller,callee,at\n";
    for (glob, files) in [
        (
            "logs/**/*.log*",
            vec![
                ("x.log", part("", 300, ROWS, &line).into_bytes()),
                ("x.log.1", part("", 100, 300, &line).into_bytes()),
                ("x.log.2.gz", packed(part("", 0, 100, &line))),
            ],
        ),
        (
            "logs/**/*.csv*",
            vec![
                ("x.csv", part(head, 300, ROWS, &record).into_bytes()),
                ("x.csv-20260314", part(head, 100, 300, &record).into_bytes()),
                ("x.csv.2026-03-13.gz", packed(part(head, 0, 100, &record))),
            ],
        ),
    ] {
        let world = World::empty();
        for (name, bytes) in &files {
            world.write(&format!("logs/{name}"), bytes);
        }
        let ran = world.run(&["init", "logs", "--out", "new.toml"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
        assert!(text.contains(&format!("path = {glob:?}")), "{text}");
        let checked = world.run(&["check", "new.toml", "--json"]);
        let facts: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
        assert_eq!((&facts["lookups"], &facts["files"]), (&ROWS.into(), &3.into()), "{facts}");
    }
}

#[test]
fn what_cannot_be_described_is_refused_with_what_would_mend_it() {
    let json = |row: &dyn Fn(&Row) -> String| log("", &|one| format!("{{{}}}\n", row(one)));
    let time = |row: &Row| format!("\"time\":\"{}\"", row.at("%FT%TZ"));
    let table = |row: &dyn Fn(&Row) -> String| {
        log("caller,callee,date\n", &|one| format!("u{},u{},{}\n", one.who, one.whom, row(one)))
    };
    let stamp = |row: &Row| row.at(SYSLOG);
    for (file, text, words) in [
        (
            "x-json.log",
            json(&|row| {
                let line = request(row).replace('"', "\\\"");
                format!("\"log\":\"{line}\\n\",\"stream\":\"stdout\",{}", time(row))
            }),
            "jq -r '.log'",
        ),
        (
            "journal.json",
            json(&|row| {
                let said = format!("Accepted password for u{} from 10.0.0.{}", row.whom, row.who);
                let ids = format!("\"_PID\":\"{0}\",\"_CURSOR\":\"s={0}\"", row.place);
                format!("\"MESSAGE\":\"{said}\",\"_BOOT\":\"b\",{ids},{}", time(row))
            }),
            "journalctl -o short-iso",
        ),
        (
            "sheet.csv",
            table(&|row| format!("{:.6}", 25_569.0 + row.second as f64 / 86_400.0)),
            "days as a spreadsheet counts them",
        ),
        ("days.csv", table(&|row| row.at("%d-%b-%y")), "days without a clock"),
        ("lossy.csv", table(&|row| format!("{:.6}E+09", row.second as f64 / 1e9)), "lost digits"),
        (
            "packets.txt",
            log("", &|row| format!("{} IP a{} > b{}: UDP\n", row.at("%T.25"), row.who, row.whom)),
            "times of day without a day",
        ),
        ("edges.csv", log("", &|row| format!("{},{}\n", row.who, row.whom)), "three columns"),
        (
            "mail.log",
            log("", &|row| {
                let head = format!("{} mx postfix/qmgr[1]: {:X}:", stamp(row), row.place);
                format!(
                    "{head} from=<u{}@a>, size=1\n{head} to=<u{}@b>, status=sent\n",
                    row.who, row.whom
                )
            }),
            "in different lines",
        ),
        (
            "mainlog",
            log("", &|row| {
                let head = format!("{} 1a{}-00", row.at("%F %T"), row.place);
                format!("{head} <= u{}@a H=h\n{head} => u{}@b R=r\n", row.who, row.whom)
            }),
            "in different lines",
        ),
        (
            "dump.sql",
            log("-- MySQL dump 10.13\n", &|row| format!("INSERT INTO c VALUES ({});\n", row.place)),
            "is a dump of SQL",
        ),
        // Its first bytes become those of a stream.
        ("x.arrow", "0".repeat(40), "is a stream of Arrow batches"),
        (
            "pretty.json",
            json(&|row| format!("\n \"from\": \"u{}\",\n {}\n", row.who, time(row))),
            "jq -c .",
        ),
        (
            "features.json",
            format!("{{\"type\":\"F\",\"features\":[{{{}}}]}}\n", time(&rows().next().unwrap())),
            "jq -c '.NAME[]'",
        ),
        (
            "texts.xml",
            log("<all>\n", &|row| {
                let at = format!("date=\"{}000\" type=\"{}\"", row.second, row.place % 2);
                format!("  <sms address=\"u{}\" {at} body=\"hello\" />\n", row.whom)
            }),
            "no two columns",
        ),
    ] {
        let world = World::empty();
        let mut bytes = text.into_bytes();
        if file == "x.arrow" {
            bytes[..4].fill(0xff);
        }
        world.write(&format!("logs/{file}"), &bytes);
        close(&world, &format!("logs/{file}"), 1_774_000_000);
        let ran = world.run(&["init", "logs", "--out", "new.toml"]);
        assert_eq!(ran.code, 65, "{file}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(words), "{file}: {}", ran.stderr);
        for secret in ["u7", "10.0.0.7", "/p/7"] {
            assert!(!ran.stderr.contains(secret), "{file}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_log_of_one_requester_is_described_only_if_its_names_say_so() {
    for (head, code) in [("caller,callee,time\n", 0), ("x,y,time\n", 65)] {
        let world = World::empty();
        let mut text = head.to_owned();
        rows().for_each(|row| writeln!(text, "me,u{},{}", row.whom, row.at("%FT%TZ")).unwrap());
        world.write("logs/a.csv", text.as_bytes());
        let ran = world.run(&["init", "logs", "--out", "new.toml"]);
        assert_eq!(ran.code, code, "{head}: {}", ran.stderr);
    }
}
