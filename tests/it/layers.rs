//! The layers of the total are published and set the clips of later days, without any other question.

use serde_json::Value;

use super::world::World;

fn total(world: &World, day: &str) -> Value {
    let bytes = std::fs::read(world.path(&format!("published/_manifest/day={day}.json"))).unwrap();
    let manifest: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(manifest["format"], 4);
    manifest["measured_tables"][0].clone()
}

#[test]
fn the_clip_of_the_total_follows_from_the_layers_of_days_before() {
    let world = World::new();
    // 40,000 lookups by 20,000 requesters are 14 standard deviations of the noise.
    let mut text = String::from("requester,target,requested_at,app,route\n");
    for number in 0..40_000 {
        let requester = 2_000_000 + number / 2;
        text.push_str(&format!(
            "+1415{requester},+442079460998,2026-03-01T{:02}:15:00Z,calls,sms\n",
            number % 24
        ));
    }
    world.write("logs/more.csv", text.as_bytes());
    for day in ["2026-03-01", "2026-03-02"] {
        assert_eq!(world.day(day).code, 0);
    }
    let (first, second) = (total(&world, "2026-03-01"), total(&world, "2026-03-02"));
    assert_eq!(first["name"], "all lookups");
    assert_eq!(first["layers"]["up_to"], 300.0);
    assert_eq!((&first["clip"], &first["sensitivity"]), (&Value::from(75.0), &Value::from(75.0)));
    let measured = &first["layers"]["measured"];
    assert_eq!(measured["width"], 18.75);
    assert_eq!(measured["sums"].as_array().unwrap().len(), 16);
    assert_eq!(measured["noise_sd"], first["noise_scale"]);
    // With hardly any lookups the clip goes down, at most by half, unless the noise of the first day
    // looks like heavy users: then it at most doubles.
    let clip = second["layers"]["up_to"].as_f64().unwrap();
    assert!((150.0..=600.0).contains(&clip) && (clip - 300.0).abs() > 0.5, "{clip}");
    // The plan of the day to come follows from both, and spends nothing.
    let plan = world.run(&["plan", "release.toml", "--json"]);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    // The second day has hardly any lookups, so nothing follows from it.
    assert_eq!(plan["tables"][0]["layers"]["up_to"].as_f64(), Some(clip));
}

#[test]
fn a_clip_in_the_release_file_stays() {
    let world = World::new();
    world.edit(
        "name = \"sms_share\"\nshare = \"route = 'sms'\"\nby = [\"app\"]",
        "name = \"all\"\ncount = \"lookups\"\nclip = 48",
    );
    for day in ["2026-03-01", "2026-03-02"] {
        assert_eq!(world.day(day).code, 0);
        let total = total(&world, day);
        assert_eq!(
            (&total["layers"]["up_to"], &total["clip"]),
            (&Value::from(48.0), &Value::from(12.0))
        );
    }
    let file = "published/all/day=2026-03-02/part-0.parquet";
    let text = world.run(&["inspect", file]).stdout;
    assert!(text.contains("in each of 16 layers, clip 48.0, rho"), "{text}");
}

#[test]
fn persons_have_a_total_of_one_cell() {
    let world = World::new();
    world.edit("budget_share = 0.7", "budget_share = 0.7\nunit = \"person-day\"");
    assert_eq!(world.day("2026-03-01").code, 0);
    let total = total(&world, "2026-03-01");
    assert_eq!((&total["name"], &total["layers"]), (&Value::from("all lookups"), &Value::Null));
    assert_eq!(total["clip"], 300.0);
}
