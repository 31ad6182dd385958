//! `export`: a question's tables as one CSV file.

use crate::world::World;

fn lines(world: &World, file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(world.path(file)).unwrap();
    let line = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(line).collect()
}

#[test]
fn days_and_weeks_of_a_question_become_one_file() {
    let world = World::new();
    let run = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-02"];
    assert_eq!(world.run(&[&run[..], &["--as-of", "2026-03-10"]].concat()).code, 0);
    let export = |question: &str| {
        world.run(&["export", "published", "--question", question, "--csv", "out.csv"])
    };
    let ran = export("sms_share");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, "out.csv: 6 rows of 2 tables\n");
    let table = lines(&world, "out.csv");
    let header = "day,app,value,noise_sd,ci_low,ci_high,uninformative,of_lookups,of_lookups_low,\
                  of_lookups_high";
    assert_eq!(table[0].join(","), header);
    assert_eq!(table[1][..2], ["2026-03-01", "calls"]);
    assert_eq!(table[6][0], "2026-03-02");
    for row in &table[1..] {
        let number = |place: usize| row[place].parse::<f64>().unwrap();
        assert!(number(4) <= number(2) && number(2) <= number(5), "{row:?}");
        assert!(row[6] == "true" || row[6] == "false", "{row:?}");
    }

    assert_eq!(world.run(&["rollup", "release.toml", "--to", "week"]).code, 0);
    assert_eq!(export("volume_by_week").code, 0);
    let table = lines(&world, "out.csv");
    assert!(table[0].join(",").ends_with("days,of_days,whole_period,date"), "{:?}", table[0]);
    assert_eq!(table[1][0], "2026-W09");
    assert_eq!(table[1].last().unwrap(), "2026-02-23");

    // A file that was changed is not handed on.
    let day = |day: &str| world.path(&format!("published/sms_share/day={day}/part-0.parquet"));
    std::fs::copy(day("2026-03-01"), day("2026-03-02")).unwrap();
    let ran = export("sms_share");
    assert!(ran.code == 65 && ran.stderr.contains("is not as it was published"), "{}", ran.stderr);
    let ran = export("nothing");
    assert!(
        ran.code == 2 && ran.stderr.contains("name one of these with --question: "),
        "{}",
        ran.stderr
    );
}

/// No sum of numbers that begin at zero is below it, on a day or over a week, and none of negative ones is above.
#[test]
fn intervals_of_sums_end_at_zero_where_their_range_does() {
    let world = World::new();
    let question = |name: &str, range: &str| {
        format!(
            "[[question]]\nname = \"{name}\"\nsum = \"latency_ms\"\nrange = {range}\n\
             by = [\"hour\", \"app\"]\n[[question]]"
        )
    };
    for (name, range) in [("signed", "[-500, 500]"), ("late", "[-500, 0]"), ("waits", "[0, 500]")] {
        world.edit("[[question]]", &question(name, range));
    }
    let run = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-02"];
    assert_eq!(world.run(&[&run[..], &["--as-of", "2026-03-10"]].concat()).code, 0);
    assert_eq!(world.run(&["rollup", "release.toml", "--to", "week"]).code, 0);
    let intervals = |question: &str| -> Vec<[f64; 2]> {
        let export = ["export", "published", "--question", question, "--csv", "out.csv"];
        let ran = world.run(&export);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let table = lines(&world, "out.csv");
        let place = |name: &str| table[0].iter().position(|column| column == name).unwrap();
        let ends = [place("ci_low"), place("ci_high")];
        table[1..].iter().map(|row| ends.map(|end| row[end].parse().unwrap())).collect()
    };
    for of in ["", "_by_week"] {
        let all = |name: &str| intervals(&format!("{name}{of}"));
        assert!(all("waits").iter().all(|[low, high]| *low >= 0.0 && high > low), "{of}");
        assert!(all("late").iter().all(|[low, high]| *high <= 0.0 && high > low), "{of}");
        assert!(all("signed").iter().any(|[low, high]| *low < 0.0 && *high > 0.0), "{of}");
    }
}
