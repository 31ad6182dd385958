//! The page that shows what was published.

use std::path::Path;

use crate::golden::Golden;
use crate::world::World;

/// Two released days with one between them that is not, and a key that looks like a script.
fn released() -> World {
    let days = ["2026-03-02", "2026-03-04"];
    let world = World::in_day_folders(&days.map(str::to_owned));
    world.edit("\"calls\"]", "\"<script>alert('calls')</script>\"]");
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"waits\"\nquantiles = [0.5, 0.95]\nof = \"latency_ms\"\nrange = [1, 100]\n\
         [[question]]\nname = \"people\"\ndistinct = \"requester\"\n\
         [[question]]\nname = \"bins\"\nhistogram = \"lookups per requester\"\n\
         [[question]]\nname = \"busiest\"\ncount = \"lookups\"\nby = [\"hour\"]\ntop = 3\n[[question]]",
    );
    for day in days {
        let ran = world.day(day);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    world
}

fn report(world: &World) -> String {
    let ran = world.run(&["report", "published", "--html", "report.html"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    std::fs::read_to_string(world.path("report.html")).unwrap()
}

#[test]
fn it_shows_what_was_published_and_needs_nothing_else() {
    let world = released();
    let before = world.published();
    let html = report(&world);
    std::fs::remove_dir_all(world.path("logs")).unwrap();
    for name in ["daily.ledger", "release.toml"] {
        std::fs::remove_file(world.path(name)).unwrap();
    }
    assert_eq!(report(&world), html, "the same files give the same page");
    assert_eq!(world.published(), before);
    for words in [
        "<h1>daily</h1>",
        "2 of 3 days are released: 2 March 2026, 4 March 2026.",
        "Not released: 3 March 2026.",
        "2 to 4 March 2026, days in UTC; 2 of 3 days published",
        "almost certainly different",
        "<th scope=\"col\">lookups, from</th>",
        "<th scope=\"col\">remark</th>",
        "Sums of bins are less exact than a question that asks",
        "<b>70 %</b>",
        "that is epsilon 0.826 of 1</span>",
        "rho 0.0194 of 0.0277, the unit in which ledgers add up; that is",
        "counts at 8 as a fraction: with 2 lookups as 2/8",
        "Shaded: 1 day not released",
        "<h3>Lookups by hour<span",
        "<h3>Lookups by app<span",
        "<h3>Share of lookups where route = 'sms' by app<span",
        "<h3>Median of latency_ms<span",
        "<h3>95 % quantile of latency_ms<span",
        "<h3>Requesters by how many lookups they make<span",
        "Of the budget of a day",
        "costs none of the budget",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let promise = world.manifest("2026-03-04")["guarantee_in_words"].as_str().unwrap().to_owned();
    assert!(html.contains(&promise), "{promise}");
}

#[test]
fn what_is_not_listed_has_a_bar_and_what_says_nothing_is_no_number() {
    // Nobody is busy, and in 95 of 100 releases the noise leaves it at that: in one of eight, but for 4e-11.
    let lost = "Requesters with 5,000 lookups or more</span><b>says nothing</b>";
    let lost = [lost.to_owned(), lost.replace("5,000", "5000")];
    let pages = (0..8).map(|_| with_nobody_busy());
    let html = { pages }.find(|html| lost.iter().any(|lost| html.contains(lost)));
    let html = html.expect("a release without a busy requester says nothing about them");
    for title in ["Lookups by target_country", "Requesters who asked about numbers in each country"]
    {
        let figure = html.split(&format!("<h3>{title}<span")).nth(1).expect(title);
        let chart = figure.split("<details>").next().unwrap();
        assert!(chart.contains("<span class=\"label\">other</span>"), "{title}: {chart}");
    }
    assert!(html.contains("A requester of several rows counts in each"));
    let all = html.split("What says nothing</h2>").nth(1).unwrap().split("</ul>").next().unwrap();
    assert!(
        all.contains("of the question <code>busy</code> 1 of 1 value of the newest day"),
        "{all}"
    );
}

/// The page of a day with a question about requesters of whom there are none.
fn with_nobody_busy() -> String {
    let world = World::in_day_folders(&["2026-03-02".to_owned()]);
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"countries\"\ncount = \"lookups\"\nby = [\"target_country\"]\n\
         [[question]]\nname = \"asking\"\ndistinct = \"requester\"\nby = [\"target_country\"]\n\
         [[question]]\nname = \"busy\"\ndistinct = \"requester\"\nhaving = \"lookups >= 5000\"\nweight = 0.01\n\
         [[question]]",
    );
    assert_eq!(world.day("2026-03-02").code, 0);
    report(&world)
}

#[test]
fn it_runs_no_script_and_asks_for_nothing() {
    let html = report(&released());
    assert!(html.contains("&lt;script&gt;alert('calls')&lt;/script&gt;"));
    for part in ["<script", "http:", "https:", "//", "src=", "url(", "@import", "onload"] {
        assert!(!html.contains(part), "{part}");
    }
    // What looks like an address in it leads to a part of the page itself.
    for (at, _) in html.match_indices("href=\"") {
        assert!(html[at..].starts_with("href=\"#"), "{}", &html[at..at + 40]);
    }
}

#[test]
fn the_numbers_are_those_of_the_files() {
    let world = released();
    let html = report(&world);
    let path = world.path("published/people/day=2026-03-04/part-0.parquet");
    let numbers = crate::golden::numbers(&path);
    let written = |column: &str| format!("<td class=\"number\">{}</td>", numbers[column][0]);
    let row = ["value", "ci_low", "ci_high"].map(written).concat();
    let row = format!("<th scope=\"row\">Wed 4 Mar 2026</th>{row}");
    assert!(html.contains(&row), "{row}");
    // A count of requesters is never below zero, so no interval is.
    for question in ["people", "bins"] {
        let path = world.path(&format!("published/{question}/day=2026-03-04/part-0.parquet"));
        let numbers = crate::golden::numbers(&path);
        for end in ["ci_low", "ci_high"] {
            assert!(numbers[end].iter().all(|end| *end >= 0.0), "{question} {numbers:?}");
        }
    }
    assert!(!html.contains("<td class=\"number\">−"), "no count is shown below zero");
    // A question for the largest rows alone has no sums: its hours are no load.
    assert_eq!(html.matches("From the question <code>busiest</code>").count(), 1);
}

#[test]
fn weeks_are_shown_once_they_are_added_up() {
    let world = released();
    assert!(!report(&world).contains("Weeks and months"));
    assert_eq!(world.run(&["rollup", "release.toml", "--to", "week"]).code, 0);
    let html = report(&world);
    assert!(html.contains("<h3>Lookups by week<span") && html.contains("2026-W10, 2 days"));
}

#[test]
fn a_file_that_is_not_as_it_was_published_is_named() {
    let world = released();
    let damaged = "published/volume/day=2026-03-02/part-0.parquet";
    let whole = std::fs::read(world.path(damaged)).unwrap();
    let missing = || std::fs::remove_file(world.path(damaged)).unwrap();
    let changed = || world.write(damaged, &[&whole[..], b" "].concat());
    // A manifest may be made to fit.
    let another = || {
        world.write(damaged, b"no table");
        let mut manifest = world.manifest("2026-03-02");
        for file in manifest["files"].as_array_mut().unwrap() {
            if !damaged.ends_with(file["path"].as_str().unwrap()) {
                continue;
            }
            file["blake3"] = blake3::hash(b"no table").to_hex().as_str().into();
        }
        world.write("published/_manifest/day=2026-03-02.json", manifest.to_string().as_bytes());
    };
    for damage in [&changed as &dyn Fn(), &missing, &another] {
        damage();
        let ran = world.run(&["report", "published", "--html", "report.html"]);
        assert_eq!(ran.code, 65, "{}", ran.stdout);
        assert!(ran.stderr.contains(damaged) && ran.stderr.contains("hint:"), "{}", ran.stderr);
        assert!(!world.path("report.html").exists());
    }
    // The remedy is true.
    assert_eq!(world.day("2026-03-02").code, 0);
    assert!(!report(&world).is_empty());
}

#[test]
fn a_folder_without_published_days_and_a_page_without_a_folder_are_refused() {
    let world = released();
    for (out, html, code) in [
        ("logs", "report.html", 2),
        ("nowhere", "report.html", 2),
        ("release.toml", "report.html", 2),
        ("published", "nowhere/report.html", 74),
    ] {
        let ran = world.run(&["report", out, "--html", html]);
        assert_eq!(ran.code, code, "{out}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
}

#[test]
fn days_of_earlier_versions_are_shown() {
    for (name, ledger, release, shown) in [
        ("requester-day", "daily.ledger", "daily.toml", "Lookups by day"),
        ("person-day", "persons.ledger", "persons.toml", "Lookups by day"),
        ("look", "daily.ledger", "daily.toml", "How it was planned"),
    ] {
        let golden = Golden::copy(name, ledger);
        let day = if name == "look" { "2026-06-03" } else { "2026-06-01" };
        if !Path::new(&golden.world.path("logs")).exists() {
            std::fs::create_dir(golden.world.path("logs")).unwrap();
        }
        golden.day(release, day);
        let html = report(&golden.world);
        assert!(html.contains(shown) && html.contains("1 of 1 day is released"), "{name}");
    }
}

#[test]
fn a_registry_gets_what_manifests_know_and_nulls_for_the_rest() {
    let world = released();
    let print = |arguments: &[&str]| -> serde_json::Value {
        let ran = world.run(&[&["manifest", "published"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let manifest = world.manifest("2026-03-04");
    assert_eq!(print(&[]), manifest);
    let entry = print(&["--registry"]);
    assert_eq!(print(&["--registry", "--json"])["privacy_loss"], entry["privacy_loss"]);
    let loss = &entry["privacy_loss"];
    for (found, expected) in [
        (&loss["epsilon"], &manifest["budget"]["epsilon"]),
        (&loss["delta"], &manifest["budget"]["delta"]),
        (&loss["unit"], &manifest["unit"]),
        (&loss["this_release"], &manifest["guarantee"]),
        (&entry["implementation"]["version"], &manifest["code_version"]),
    ] {
        assert!(!expected.is_null());
        assert_eq!(found, expected);
    }
    let product = &entry["data_product"];
    assert_eq!(
        (&product["first_day"], &product["last_day"], &product["days"]),
        (&"2026-03-02".into(), &"2026-03-04".into(), &2.into())
    );
    assert_eq!(entry["mechanisms"], serde_json::json!(["discrete gaussian"]));
    for of_the_operator in ["curator", "description", "intended_use"] {
        assert!(entry[of_the_operator].is_null());
    }
}

#[test]
fn days_that_were_asked_otherwise_are_not_mixed_with_the_newest() {
    let world = World::in_day_folders(&["2026-03-02".to_owned(), "2026-03-03".to_owned()]);
    assert_eq!(world.day("2026-03-02").code, 0);
    // The keys change places, the list of one grows, a share gets another condition, a question is new.
    world.edit("by = [\"hour\", \"app\"]", "by = [\"app\", \"hour\"]");
    world.edit("app = [", "app = [\"fresh\", ");
    world.edit("share = \"route = 'sms'\"", "share = \"route = 'messenger'\"");
    world.edit(
        "[[question]]",
        "[[question]]\nname = \"people\"\ndistinct = \"requester\"\n[[question]]",
    );
    let ran = world.day("2026-03-03");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let html = report(&world);
    // Hours of both days are hours, in whatever order the keys stand.
    let rows = |caption: &str| -> usize {
        let table = html.split(&format!("aria-label=\"{caption}")).nth(1).unwrap();
        table.split("</table>").next().unwrap().matches("scope=\"row\"").count()
    };
    assert_eq!(rows("Lookups by hour, 2 to 3 March 2026\""), 48);
    // What was in `other` on the first day may be `fresh` on the second.
    for words in [
        ", sum of 1 released day, 2 to 3 March 2026</span></h3>",
        "Those days are added up that have this key and list of values. From the question",
        ", 3 March 2026, the newest day</span></h3>",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert!(html.contains("Shaded: 1 day on which this was asked differently or not at all"));
    assert!(!html.contains("not released. From the question"));
    let words = "The release file was changed before 3 March 2026";
    assert!(html.contains(words), "{words}");
}

#[test]
fn a_manifest_that_is_none_is_named() {
    let world = released();
    for (name, text) in [
        ("day=2026-03-05.json", "{}".to_owned()),
        ("day=2026-03-06.json", world.manifest("2026-03-04").to_string()),
    ] {
        let path = format!("published/_manifest/{name}");
        world.write(&path, text.as_bytes());
        let ran = world.run(&["report", "published", "--html", "report.html"]);
        assert!(ran.code == 65 && ran.stderr.contains(name), "{}", ran.stderr);
        std::fs::remove_file(world.path(&path)).unwrap();
    }
}
