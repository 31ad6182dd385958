//! Legal holds on logs in shapes that other programs write: a row is found, sealed and handed over whatever
//! the shape, and nothing of it stays in the log.

use crate::archive_world::{ArchiveWorld, HOUR, Row, START, instant, number};

const DAY: i64 = 24 * HOUR;

/// What `[logs]` says of a shape, the name of its file, and its text of some rows.
type Shape = (&'static str, &'static str, fn(&[Row]) -> String);

const SHAPES: [Shape; 5] = [
    (
        "header = false\ndelimiter = \"blanks\"\n\
         columns = { target = 1, requester = 2, requested_at = 3 }",
        "pairs.txt",
        |rows| lines(rows, |at, from, to| format!("{to}  {from}\t{at}")),
    ),
    (
        "pattern = '^\\[(?<requested_at>[^\\]]+)\\] (?<requester>\\S+) asks for (?<target>\\S+)$'\n\
         skip = \"started\"",
        "server.log",
        |rows| {
            let text = lines(rows, |at, from, to| format!("[{at}] {from} asks for {to}"));
            format!("server started\n{text}")
        },
    ),
    ("delimiter = \";\"\nquote = \"'\"\ncomment = \"%\"", "export.csv", |rows| {
        let text = lines(rows, |at, from, to| format!("'{from}';{at};'{to}'"));
        format!("% an export\nrequester;requested_at;target\n{text}")
    }),
    (
        "columns = { requester = \"who.id\", target = \"whom\", requested_at = \"when\" }",
        "nested.ndjson",
        |rows| {
            lines(rows, |at, from, to| {
                format!("{{\"who\":{{\"id\":\"{from}\"}},\"whom\":\"{to}\",\"when\":\"{at}\"}}")
            })
        },
    ),
    ("", "array.json", |rows| {
        let object = |(micros, from, to): &Row| {
            let at = instant(*micros);
            format!("{{\"requester\":\"{from}\",\"target\":\"{to}\",\"requested_at\":\"{at}\"}}")
        };
        format!("[\n{}\n]\n", rows.iter().map(object).collect::<Vec<_>>().join(",\n"))
    }),
];

fn lines(rows: &[Row], line: impl Fn(String, &str, &str) -> String) -> String {
    rows.iter().map(|(micros, from, to)| line(instant(*micros), from, to) + "\n").collect()
}

#[test]
fn rows_under_hold_are_handed_over_from_logs_of_every_shape() {
    // Two days of a row an hour, of five people who ask and one who is asked about.
    let rows: Vec<Row> =
        (0..48).map(|hour| (START + hour * HOUR, number(hour as usize % 5), number(9))).collect();
    let (gone, kept) = rows.split_at(24);
    for (fields, name, text) in SHAPES {
        let world = ArchiveWorld::new();
        let release = std::fs::read_to_string(world.path("release.toml")).unwrap();
        let release = release.replace("\"logs\"\n", &format!("\"logs\"\n{fields}\n"));
        let log = format!("logs/{name}");
        std::fs::write(world.path("release.toml"), release).unwrap();
        std::fs::write(world.path(&log), text(&rows)).unwrap();
        world.written(&log, START - 2 * HOUR);
        world.begin();
        let recipient = world.recipient();
        for (order, role, place) in [("asks", "requester", 3), ("asked", "target", 9)] {
            let number = number(place);
            let what = ["--order", order, "--number", &number, "--role", role];
            let until = ["--from", "2026-03-01", "--to", "2026-03-01", "--expires", "2026-05-01"];
            let add = ["hold", "add", "release.toml", "--recipient", &recipient];
            let ran = world.run_at(START, &[&add[..], &what, &until].concat());
            assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        }
        let ran = world.retain(START + 31 * DAY);
        // The day was never released.
        assert_eq!(ran.code, 1, "{name}: {}", ran.stderr);
        assert_eq!(std::fs::read_to_string(world.path(&log)).unwrap(), text(kept), "{name}");
        let asks: Vec<Row> = gone.iter().filter(|row| row.1 == number(3)).cloned().collect();
        assert_eq!(world.disclosed("asks", START + 31 * DAY), asks, "{name}");
        assert_eq!(world.disclosed("asked", START + 31 * DAY), gone, "{name}");
        world.verify();
    }
}
