//! `init` on the logs of servers.

use crate::made_shape::{Row, Shape, log};

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
