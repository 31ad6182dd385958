//! `init` on logs in the shapes that other programs write.

use std::fmt::Write;

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, RecordBatch, StringArray, Time64MicrosecondArray};
use parquet::arrow::ArrowWriter;

use crate::made_shape::{ROWS, Row, Shape, log, rows};
use crate::world::World;

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
            &[
                "delimiter = \";\"",
                "requester = \"who\"",
                "# CHECK: true or 1 is messenger",
                "\nroute = \"answer\"\n",
            ],
        ),
        Shape::new(
            "words.csv",
            log("whom;who;when;answer\n", &|row| {
                let answer = row.pick(&["Messenger", "SMS"]);
                format!("u{};u{};{};{answer}\n", row.whom, row.who, row.at(iso))
            }),
            &["route = \"answer\"  # its values are messenger and sms"],
        ),
        // Of numbers that several countries read alike only the owner knows the country.
        Shape {
            edit: Some(("default_region = \"?\"\n", "default_region = \"AT\"\n")),
            ..Shape::new(
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
                    "# CHECK: in which country are numbers without + dialled?",
                    "only you know\n# which it is: IT, AT, ",
                ],
            )
        },
        Shape::new(
            "years.csv",
            log("caller,callee,time\n", &|row| {
                format!("u{},u{},{}\n", row.who, row.whom, row.at("%y/%m/%d %H:%M:%S"))
            }),
            &["time_format = \"%y/%m/%d %H:%M:%S\"  # CHECK: %d/%m/%y %H:%M:%S"],
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
                "time_unit = \"s\"  # CHECK: in no unit are the numbers in 3 dates",
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
    assert!(text.contains("goes on with the\n# others. 2026-03-04 has none. If nothing"), "{text}");
}

#[test]
fn a_date_and_a_clock_in_columns_of_their_own_types() {
    const DAY: i64 = 86_400;
    let all: Vec<Row> = rows().collect();
    let people = |who: &dyn Fn(&Row) -> usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(all.iter().map(|row| format!("u{}", who(row)))))
    };
    let days = Date32Array::from_iter_values(all.iter().map(|row| (row.second / DAY) as i32));
    let clocks = all.iter().map(|row| row.second % DAY * 1_000_000);
    let columns: [(&str, ArrayRef); 4] = [
        ("src", people(&|row| row.who)),
        ("dst", people(&|row| row.whom)),
        ("call_date", Arc::new(days)),
        ("call_time", Arc::new(Time64MicrosecondArray::from_iter_values(clocks))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let world = World::empty();
    world.write("logs/calls.parquet", &bytes);
    let ran = world.run(&["init", "logs", "--out", "new.toml"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = std::fs::read_to_string(world.path("new.toml")).unwrap();
    assert!(text.contains("requested_at = [\"call_date\", \"call_time\"]"), "{text}");
    let checked = world.run(&["check", "new.toml"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    assert!(checked.stdout.contains("rejects            0"), "{}", checked.stdout);
}
