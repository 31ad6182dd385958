//! `init` on the logs of servers.

use crate::any_log::close;
use crate::made_shape::{ROWS, Row, Shape, log};
use crate::world::World;

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

/// Whether the address of a client is who asks, no pattern can know, and here the two numbers are those of people.
#[test]
fn groups_that_were_guessed_are_marked_and_numbers_in_addresses_are_shown_a_way() {
    let request = |row: &Row| {
        let at = row.at("%d/%b/%Y:%H:%M:%S +0000");
        let (who, whom) = (row.who, row.whom);
        let address = format!("/reach?from=%2B1646555{who:04}&to=%2B1646556{whom:04}&v=2");
        format!("10.0.0.{who} - - [{at}] \"GET {address} HTTP/1.1\" 200 12\n")
    };
    let world = World::empty();
    world.write("logs/access.log", log("", &request).as_bytes());
    close(&world, "logs/access.log", 1_774_000_000);
    let ran = world.run(&["init", "logs", "--out", "new.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    for line in [
        "# CHECK: who asks? The group `requester` of the pattern has 40 different values in the sample,\n# which are internet",
        "# CHECK: who is asked about? The group `target` of the pattern has 400 different",
        "# Most targets hold numbers behind `from=` and `to=`.",
        r"such as `from=%2B(?<requester>\d+)` and `to=%2B(?<target>\d+)`, and write",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("1646555") && !text.contains("10.0.0."), "{text}");
    // What the hint says is what reads the numbers.
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let pattern = r#"pattern = '\S+ \S+ \S+ \[(?<requested_at>[^\]]+)\] "\S+ /reach\?from=%2B(?<requester>\d+)&to=%2B(?<target>\d+)&.*'"#;
    let mended = text
        .replace(&line("pattern = "), pattern)
        .replace(&line("identifier = "), "default_region = \"world\"");
    world.write("mended.toml", mended.as_bytes());
    let facts = world.run(&["check", "mended.toml", "--json"]).stdout;
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    assert_eq!((&facts["lookups"], &facts["requesters"]), (&ROWS.into(), &40.into()), "{facts}");
    // With the mark inside of the group, `check` says where it belongs.
    let inside = mended.replace("%2B(?<requester>", "(?<requester>%2B");
    world.write("inside.toml", inside.as_bytes());
    let checked = world.run(&["check", "inside.toml"]).stdout.replace("\n  ", " ");
    assert!(checked.contains("400 identifiers are percent-encoded numbers"), "{checked}");
}
