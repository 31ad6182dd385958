//! `explain`: the promise in plain words, with the figures that every other command and document states.

use serde_json::Value;

use crate::manifest::{DAY, MORE, QUESTIONS, published, world};
use crate::tutorial::blocks;
use crate::world::{HEADER, SECRETS, World, rows_of};

fn json(world: &World, arguments: &[&str]) -> Value {
    let ran = world.run(&[arguments, &["--json"]].concat());
    assert_eq!(ran.code, 0, "{} {}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn assert_close(left: &Value, right: &Value, what: &str) {
    let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
    assert!((left - right).abs() <= 1e-9 * left.abs(), "{what}: {left} {right}");
}

/// What `explain` says is what `plan`, the manifest, every file, `inspect` and the ledger say.
fn says_the_same_everywhere(world: &World) {
    let explained = json(world, &["explain", "release.toml"]);
    assert_eq!(json(world, &["plan", "release.toml"])["guarantee"], explained["guarantee"]);
    assert_eq!(world.day(DAY).code, 0);
    let manifest = world.manifest(DAY);
    for part in ["guarantee", "explained"] {
        assert_eq!(manifest[part], explained[part]);
    }
    let paragraphs = explained["explained"].as_array().unwrap();
    let text = world.run(&["explain", "release.toml"]).stdout.replace("\n  ", " ");
    for question in explained["questions"].as_array().unwrap() {
        let name = question["question"].as_str().unwrap();
        let (facts, _) = published(world, name);
        assert_eq!(facts["interval"], question["interval"], "{name}");
        assert_eq!(facts["explained"], explained["explained"], "{name}");
        let file = format!("published/{name}/day={DAY}/part-0.parquet");
        let inspected = world.run(&["inspect", &file]).stdout.replace("\n  ", " ");
        for paragraph in paragraphs {
            let paragraph = paragraph.as_str().unwrap();
            assert!(inspected.contains(paragraph) && text.contains(paragraph), "{paragraph}");
        }
    }
    // The same figures again, computed from what the ledger was charged.
    let guarantee = &explained["guarantee"];
    assert_eq!(
        json(world, &["manifest", "published", "--registry"])["privacy_loss"]["this_release"],
        *guarantee
    );
    let ledger = world.ledger();
    let block = &ledger["blocks"][0];
    assert_close(&block["spent_epsilon"], &guarantee["one_day"]["epsilon"], "one day");
    assert_close(&block["spent_delta"], &guarantee["one_day"]["delta"], "delta of one day");
    let others = block["others"].as_array().unwrap();
    assert_eq!(others.len(), 5);
    assert_close(&others[0]["epsilon"], &guarantee["contact_pair"]["epsilon"], "pair");
    for (other, target) in others[1..].iter().zip(guarantee["target"].as_array().unwrap()) {
        // Private prefixes have a delta of their own in the figure of a target, not its epsilon.
        assert_close(&other["epsilon"], &target["epsilon"], "target");
        assert!(other["who"].as_str().unwrap().contains(&target["lookups"].to_string()));
    }
}

/// The epsilons of a paragraph, as they are written.
fn epsilons(paragraph: &Value) -> Vec<&str> {
    let figures = paragraph.as_str().unwrap().split("(epsilon ").skip(1);
    figures.map(|rest| rest.split(' ').next().unwrap()).collect()
}

/// Every text writes a figure with the same digits.
fn writes_the_same_everywhere(world: &World) {
    let manifest = world.manifest(DAY);
    let in_words = manifest["guarantee_in_words"].as_str().unwrap();
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = |arguments: &[&str]| plain(&world.run(arguments).stdout);
    assert!(said(&["plan", "release.toml"]).contains(in_words), "{in_words}");
    let file = format!("published/volume/day={DAY}/part-0.parquet");
    assert!(said(&["inspect", &file]).contains(in_words), "{in_words}");
    assert_eq!(world.run(&["report", "published", "--html", "report.html"]).code, 0);
    let page = plain(&std::fs::read_to_string(world.path("report.html")).unwrap());
    assert!(page.contains(in_words), "{in_words}");

    let statement = said(&["ledger", "show", "release.toml"]);
    let paragraphs = manifest["explained"].as_array().unwrap();
    assert_eq!(paragraphs.len(), 7);
    let [pair, one, spans, number, ever] = [1, 2, 3, 4, 5].map(|place| &paragraphs[place]);
    let (pair, one, number) = (epsilons(pair), epsilons(one), epsilons(number));
    // Where nothing is protected stands no figure.
    let without = paragraphs[4].as_str().unwrap().matches("not protected").count();
    assert_eq!((pair.len(), one.len(), number.len()), (1, 1, 3 - without));
    for figure in [&pair[..], &one, &number, &epsilons(spans), &epsilons(ever)].concat() {
        assert!(page.contains(&format!("(epsilon {figure} at delta ")), "{figure}");
    }
    for figure in [pair[0], one[0]] {
        assert!(in_words.contains(&format!("epsilon {figure} at delta ")), "{figure}: {in_words}");
    }
    assert!(statement.contains(&format!(" {} ", one[0])), "{statement}");
    assert!(statement.contains(&format!("one lookup: epsilon at most one day {},", pair[0])));
    for (lookups, figure) in ["10", "100", "1,000"].into_iter().zip(number) {
        let words = format!("a target of {lookups} lookups: epsilon at most one day {figure},");
        assert!(statement.contains(&words), "{words}: {statement}");
    }
    for figure in epsilons(ever).get(1..).unwrap_or_default() {
        assert!(in_words.contains(figure), "{figure}: {in_words}");
    }
}

/// Kinds of both units that no other test needs.
const REST: &str = r#"
[[question]]
name = "waited"
sum = "latency_ms"
range = [1, 60000]
by = ["app"]

[[question]]
name = "largest"
count = "lookups"
by = ["hour"]
top = 3
"#;

/// Those of requesters alone.
const CURIOUS: &str = r#"
[[question]]
name = "curious"
distinct = "requester"
having = "targets >= 2"
"#;

#[test]
fn every_kind_of_question_is_explained_as_it_is_published() {
    let world = world(&[QUESTIONS, MORE, REST, CURIOUS]);
    world.edit("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 20.0");
    says_the_same_everywhere(&world);
    writes_the_same_everywhere(&world);
}

#[test]
fn so_is_every_kind_where_persons_are_the_unit() {
    let world = world(&[QUESTIONS, REST]);
    world.edit(
        "budget_share = 0.7",
        "budget_share = 0.7\nunit = \"person-day\"\nexempt = \"services.txt\"",
    );
    world.write("services.txt", SECRETS[2].as_bytes());
    says_the_same_everywhere(&world);
    writes_the_same_everywhere(&world);
}

#[test]
fn thirty_days_come_to_what_was_said_before() {
    let days: Vec<String> = (1..=30).map(|day| format!("2026-04-{day:02}")).collect();
    let world = World::in_day_folders(&[]);
    let release = std::fs::read_to_string(world.path("release.toml")).unwrap();
    let (head, _) = release.split_once("[[question]]").unwrap();
    let total = "[[question]]\nname = \"total\"\ncount = \"lookups\"\n";
    world.write("release.toml", [head, "[retention]\ndays = 60\n", total].concat().as_bytes());
    for day in &days {
        let file = format!("{HEADER}{}", rows_of(day));
        world.write(&format!("logs/day={day}/part-0.csv"), file.as_bytes());
    }
    let guarantee = json(&world, &["explain", "release.toml"])["guarantee"].clone();
    let (from, to) = (days[0].as_str(), days[29].as_str());
    let range = ["run", "release.toml", "--from", from, "--to", to, "--as-of", "2026-05-02"];
    assert_eq!(world.run(&range).code, 0);
    let ledger = world.ledger();
    let total = &ledger["requester_totals"][0];
    assert_eq!(total["days"], 30);
    assert_close(&total["epsilon"], &guarantee["thirty_days"]["epsilon"], "30 days");
    assert_close(&total["delta"], &guarantee["thirty_days"]["delta"], "delta of 30 days");
}

/// The figures in documents are those of the program.
#[test]
fn documents_state_the_figures_of_the_program() {
    let read = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(path).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let epsilon = |guarantee: &Value, of: &str| guarantee[of]["epsilon"].as_f64().unwrap();
    let world = World::empty();
    let (_, tutorial) =
        blocks("docs/tutorial.md").into_iter().find(|it| it.0 == "toml daily.toml").unwrap();
    world.write("daily.toml", tutorial.as_bytes());
    let said = json(&world, &["explain", "daily.toml"])["guarantee"].clone();
    let (pair, day) = (epsilon(&said, "contact_pair"), epsilon(&said, "one_day"));
    let words = format!("{pair:.2} beside {day:.2} in the tutorial");
    assert!(read("docs/attack-model.md").contains(&words), "{words}");
    // Figures of a promise are rounded up.
    let share = format!("70 % of its rho, which is epsilon {:.3}", (day * 1000.0).ceil() / 1000.0);
    assert!(read("docs/tutorial.md").contains(&share), "{share}");

    let words = format!("{:.1} over 30 days.)", epsilon(&said, "thirty_days"));
    assert!(read("README.md").contains(&words), "{words}");
    let whole = tutorial.replace("[[question]]", "[privacy]\nbudget_share = 1.0\n[[question]]");
    let (first, rest) = whole.split_once("[[question]]").unwrap();
    let rest = rest.replace("[privacy]\nbudget_share = 1.0\n", "");
    world.write("daily.toml", format!("{first}[[question]]{rest}").as_bytes());
    let said = json(&world, &["explain", "daily.toml"])["guarantee"].clone();
    let (month, year) = (epsilon(&said, "thirty_days"), epsilon(&said, "one_year"));
    let words = format!("is {month:.1} over 30 days and {year:.0} over a year");
    assert!(read("README.md").contains(&words), "{words}");
}

#[test]
fn a_promise_that_the_ledger_would_refuse_is_not_stated() {
    let world = World::new();
    assert_eq!(world.day(DAY).code, 0);
    let fixed = |other: &str| world.edit("epsilon = 1.0", other);
    for other in ["epsilon = 3.0", "epsilon = 3.0\nepsilon_30_days = 20.0"] {
        fixed(other);
        for command in ["explain", "plan"] {
            let ran = world.run(&[command, "release.toml"]);
            assert!(ran.code == 1 && ran.stdout.is_empty(), "{command}: {}", ran.stdout);
            assert!(ran.stderr.contains("was made with 1"), "{command}: {}", ran.stderr);
        }
        world.edit(other, "epsilon = 1.0");
    }
    // A first cap is one that the ledger takes.
    fixed("epsilon = 1.0\nepsilon_30_days = 20.0");
    assert_eq!(world.run(&["explain", "release.toml"]).code, 0);
}
