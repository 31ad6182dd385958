//! `init` on logs of programs that many people run, each for a kind of fault that it once had.

use crate::made_shape::{Row, SYSLOG, Shape, log, request};

#[test]
fn lines_of_known_programs() {
    let port = |row: &Row| 30_000 + row.place;
    for shape in [
        Shape::new(
            "haproxy.log",
            log("", &|row| {
                let (stamp, at) = (row.at(SYSLOG), row.at("%d/%b/%Y:%H:%M:%S"));
                let client = format!("10.0.0.{}:{} [{at}.655]", row.who, port(row));
                let more = format!("http-in~ static/srv1 10/0/30/{}/109 200 27", row.place % 90);
                format!(
                    "{stamp} lb haproxy[9]: {client} {more} - - ---- 1/1/1/1/0 0/0 \"GET /p/{} HTTP/1.1\"\n",
                    row.whom
                )
            }),
            &["# The log has the names of this file for its columns"],
        ),
        Shape::new(
            "0.log",
            log("", &|row| format!("{} stdout F {}\n", row.at("%FT%T.123456789Z"), request(row))),
            &["pattern = '\\S+ std(?:out|err) [FP] (?<requester>"],
        ),
        Shape::new(
            "forwarded",
            log("", &|row| format!("<190>{} web nginx: {}\n", row.at(SYSLOG), request(row))),
            &["status = [\"200\", \"404\"]"],
        ),
        Shape::new(
            "alert",
            log("", &|row| {
                let (rule, said) = (100 + row.place % 5, row.pick(&["ICMP PING", "a port now"]));
                let from = format!("10.0.0.{}:{}", row.who, port(row));
                format!(
                    "{}  [**] [1:{rule}:3] {said} [**] [Priority: 2] {{TCP}} {from} -> 10.1.0.{}:80\n",
                    row.at("%m/%d-%H:%M:%S.250000"),
                    row.whom
                )
            }),
            &["time_format = \"%m/%d-%H:%M:%S%.f\"", "default_year = 2026"],
        ),
        Shape::new(
            "fast.log",
            log("", &|row| {
                format!(
                    "{}  [**] [1:1:3] a scan [**] {{ICMP}} 10.0.0.{} -> 10.1.0.{}\n",
                    row.at("%m/%d/%Y-%H:%M:%S.250000"),
                    row.who,
                    row.whom
                )
            }),
            &["time_format = \"%m/%d/%Y-%H:%M:%S%.f\"  # no other order"],
        ),
        Shape::new(
            "packets.txt",
            log("", &|row| {
                let (at, who, whom) = (row.at("%F %T.123456"), row.who, row.whom);
                format!("{at} IP 10.0.0.{who}.{} > 10.1.0.{whom}.53: UDP, length 3\n", port(row))
            }),
            &[],
        ),
        Shape::new(
            "dns.log",
            log("", &|row| {
                let (at, port) = (row.at("%FT%TZ"), port(row));
                let client = format!("{at} [INFO] 10.0.0.{}:{port} - {}", row.who, row.place * 7);
                format!(
                    "{client} \"A IN h{}.example. udp 40 false 512\" NOERROR qr,rd,ra 1 0.1s\n",
                    row.whom
                )
            }),
            &["type"],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn lines_whose_pattern_follows_from_many() {
    let named =
        |row: &Row| format!("src=10.0.0.{} spt={} dst=10.1.0.{}", row.who, row.place, row.whom);
    for shape in [
        Shape::new(
            "cef.log",
            log("", &|row| {
                let head = format!("{} fw CEF:0|Sec|dev|1.0|100|it was stopped|5|", row.at(SYSLOG));
                format!("{head}{} msg=a \\| b\n", named(row))
            }),
            &["requester = \"src\"  # by its name", "target = \"dst\"  # by its name"],
        ),
        Shape::new(
            "leef.log",
            log("", &|row| {
                let named = named(row).replace(' ', "\t");
                format!("LEEF:1.0|V|P|1|evt|devTime={}000\t{named}\n", row.second)
            }),
            &["time_unit = \"ms\"", "requester = \"src\""],
        ),
        Shape::new(
            "dump.tsv",
            log("", &|row| format!("CreateTime:{}000\tu{}\tu{}\n", row.second, row.who, row.whom)),
            &["pattern = 'CreateTime:(?<requested_at>", "time_unit = \"ms\""],
        ),
        Shape::new(
            "app.log",
            log("", &|row| format!("INFO:{},123:u{} -> u{}\n", row.at("%F %T"), row.who, row.whom)),
            &["pattern = 'INFO:(?<requested_at>"],
        ),
        Shape::new(
            "monitor.txt",
            log("", &|row| {
                let client = format!("10.0.0.{}:{}", row.who, row.place);
                format!("{}.25 [0 {client}] \"GET\" \"key:{}\"\n", row.second, row.whom)
            }),
            &["(?<part_3>[\\d.]+)[:#]\\d+\\]"],
        ),
        Shape::new(
            "debug.log",
            log("", &|row| {
                let at = row.at("%-m/%-d/%Y %-I:%M:%S %p");
                format!("{at} 0E10 PACKET UDP Rcv 10.0.0.{} Q A (3)h{}(0)\n", row.who, row.whom)
            }),
            &["time_format = \"%m/%d/%Y %I:%M:%S %p\""],
        ),
        // Who has an address asks.
        Shape::new(
            "envoy.log",
            log("", &|row| {
                let at = row.at("%FT%T.250Z");
                let answer = row.pick(&["200", "503"]);
                format!("[{at}] \"GET /p/{} HTTP/1.1\" {answer} \"10.0.0.{}\"\n", row.whom, row.who)
            }),
            &[],
        ),
    ] {
        shape.is_described();
    }
}

#[test]
fn tables_of_other_programs() {
    let iso = "%F %T";
    let mut shapes = vec![
        // A word for no value, which would be somebody else, and escapes before quotes.
        Shape::new(
            "flow.log",
            log("srcaddr dstaddr start end action\n", &|row| {
                let (at, answer) = (row.second, row.pick(&["ACCEPT", "REJECT"]));
                format!("10.0.0.{} 10.1.0.{} {at} {} {answer}\n", row.who, row.whom, at + 60)
            }) + "- - 1773446400 1773446460 -\n",
            &["null = \"-\"  # stands for no value in 1 of 402 lines"],
        ),
        Shape::new(
            "dump.csv",
            log("\"id\",\"caller\",\"callee\",\"at\",\"note\"\n", &|row| {
                let note = row.pick(&["\\N", "\"she said \\\"hi, \\\\\\\" again\""]);
                format!(
                    "\"{}\",\"u{}\",\"u{}\",\"{}\",{note}\n",
                    row.place,
                    row.who,
                    row.whom,
                    row.at(iso)
                )
            }),
            &["escape = '\\'", "null = '\\N'"],
        ),
        // Records of several lines without a header.
        Shape::new(
            "postgresql.csv",
            log("", &|row| {
                let said = "\"select\n  \"\"x\"\",\n 1\"";
                format!("{}.123 UTC,\"u{}\",\"db{}\",{said},,\n", row.at(iso), row.who, row.whom)
            }),
            &["header = false", "requested_at = 1"],
        ),
        Shape::new(
            "oracle.csv",
            log("CALLER,CALLEE,AT\n", &|row| {
                let at = row.at("%d-%b-%y %I.%M.%S.000000 %p").to_uppercase();
                format!("u{},u{},{at}\n", row.who, row.whom)
            }),
            &["time_format = \"%d-%b-%y %I.%M.%S%.f %p\""],
        ),
        // Columns named with commas.
        Shape::new(
            "MSGTRK.LOG",
            log(
                "#Software: a server\r\n#Fields: date-time,client-ip,recipient-address,sender-address\r\n",
                &|row| format!("{},10.9.9.9,u{},u{}\r\n", row.at("%FT%T.000Z"), row.whom, row.who),
            ),
            &["delimiter = \",\"", "header = \"#fields\"", "requester = \"sender-address\""],
        ),
        // A query string is nobody.
        Shape::new(
            "u_ex.log",
            log("#Fields: date time cs-uri-stem cs-uri-query c-ip\r\n", &|row| {
                let query = row.pick(&["-", "q=1", "q=2", "q=3", "q=4", "q=5"]);
                format!("{} /p/{} {query} 10.0.0.{}\r\n", row.at(iso), row.whom, row.who)
            }),
            &["target = \"cs-uri-stem\""],
        ),
        // The same people twice: a name beside each number.
        Shape::new(
            "calls.csv",
            log("", &|row| {
                let number = 1_000 + row.who;
                format!("\"Ann, {}\",{number},{},{}\n", row.who, 2_000 + row.whom, row.at(iso))
            }),
            &["requester = 1", "target = 3"],
        ),
        // The time at which something else was made.
        Shape::new(
            "kong.json",
            log("", &|row| {
                let who = format!(
                    "\"client_ip\":\"10.0.0.{}\",\"request\":{{\"uri\":\"/p/{}\"}}",
                    row.who, row.whom
                );
                format!(
                    "{{{who},\"route\":{{\"created_at\":1521555129}},\"started_at\":{}000}}\n",
                    row.second
                )
            }),
            &["requested_at = \"started_at\"", "time_unit = \"ms\""],
        ),
        // A column that is called as the two others would be together.
        Shape::new(
            "clash.csv",
            log("date,time,date and time,src,dst\n", &|row| {
                let (day, kind) = (row.at("%d.%m.%Y,%H:%M:%S"), row.pick(&["a", "b"]));
                format!("{day},{kind},u{},u{}\n", row.who, row.whom)
            }),
            &["requested_at = [\"date\", \"time\"]"],
        ),
    ];
    for shape in &mut shapes {
        shape.has_dirt = !shape.file.starts_with("postgresql");
        shape.is_described();
    }
}
