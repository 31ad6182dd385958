//! Every atom lands where its key values say, and plans of earlier versions are read.

use std::path::Path;

use super::*;
use crate::release_file::keys::Key;

const RELEASE: &str = r#"
name = "r"
[logs]
path = "x"
[keys]
app = ["a", "b"]
[ledger]
path = "r.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "app"]
[[question]]
name = "sms"
share = "route = 'sms' AND app <> 'b'"
by = ["app"]
[[question]]
name = "people"
distinct = "requester"
[[question]]
name = "speed"
mean = "latency_ms"
range = [0, 100]
by = ["app"]
[[question]]
name = "slow"
quantiles = [0.5]
of = "latency_ms"
range = [0, 100]
"#;

#[test]
fn every_atom_lands_in_the_cell_of_its_key_values() {
    let release_file = ReleaseFile::parse(RELEASE, "r.toml", Path::new(".")).unwrap();
    let plan = Plan::new(&release_file, NanoRho::new(20_000_000), None).unwrap();
    let names: Vec<&str> = plan.layout.keys().iter().map(Key::name).collect();
    let (levels, bins) = ("latency_ms in levels of [0, 100]", "latency_ms in bins of [0, 100]");
    assert_eq!(names, ["hour", "app", "route", levels, bins]);
    let of = |name: &str| {
        let place = plan.tables.iter().position(|table| table.name == name).unwrap();
        &plan.cells[place]
    };
    let (total, volume) = (of("all lookups"), of("lookups by hour, app"));
    let sms = of("lookups by app, sms met");
    assert_eq!((total.count(), volume.count(), sms.count()), (16, 72, 6));
    assert_eq!((of("speed").count(), of("slow").count(), of("people").count()), (6, 128, 1));
    // Apps are a, b, other; routes are messenger, sms, unknown.
    for hour in 0..24_u64 {
        for app in 0..3_u64 {
            for route in 0..3_u64 {
                for (level, bin) in [(0, 0), (32_768, 127), (32_769, 128)] {
                    let position = [hour, app, route, level, bin];
                    let atom = position
                        .iter()
                        .zip(plan.layout.strides())
                        .map(|(at, stride)| at * stride)
                        .sum();
                    let met = route == 1 && app != 1;
                    let cell = |cells: &Cells| cells.cell(atom).map(u64::from);
                    assert_eq!(cell(volume), Some(hour * 3 + app));
                    assert_eq!(cell(sms), Some(app * 2 + u64::from(met)));
                    assert_eq!((cell(total), cell(of("people"))), (Some(0), Some(0)));
                    assert_eq!(cell(of("slow")), (bin < 128).then_some(bin));
                    let units = of("speed").cell_and_steps(atom).map(|(_, steps)| steps);
                    assert_eq!(units, [Some(-65_536), Some(65_536), None][(bin / 64) as usize]);
                }
            }
        }
    }
}

/// Tables as plans kept them before they named roles: one of each kind.
const OLDER: &str = r#"[
{"name":"all lookups","axes":[],"contribution":{"layers":{"count":16}},"clip":4915200,"charge":2,"key_delta":0},
{"name":"lookups","axes":[],"contribution":"lookups","clip":1310720,"charge":2},
{"name":"lookups by hour","axes":[{"key":"hour"}],"contribution":"lookups","clip":1310720,"charge":2,"key_delta":0},
{"name":"lookups by sms met","axes":[{"condition":"sms"}],"contribution":"lookups","clip":1310720,"target_clip":65536,"charge":2,"key_delta":0},
{"name":"people","axes":[],"contribution":{"presence":{"at_least":1}},"clip":65536,"charge":2,"key_delta":0},
{"name":"probing","axes":[],"contribution":{"presence":{"at_least":50,"of":"targets"}},"clip":65536,"charge":2,"key_delta":0},
{"name":"spent","axes":[],"contribution":{"sum":{"number":"n"}},"clip":655360,"charge":2,"key_delta":0},
{"name":"speed","axes":[],"contribution":{"mean":{"number":"n"}},"clip":926875,"charge":2,"key_delta":0},
{"name":"slow","axes":[{"key":"n in bins"}],"contribution":"lookups","clip":655360,"charge":2,"key_delta":0},
{"name":"users","axes":[],"contribution":"histogram","clip":65536,"charge":2,"key_delta":0},
{"name":"ranges: keys, round 1","axes":[],"contribution":{"keyweights":{"prefix":{"of":"target","digits":6}}},"clip":65536,"charge":2,"key_delta":7},
{"name":"ranges: keys, round 2","axes":[],"contribution":{"keyweights":{"prefix":{"of":"target","digits":6}}},"clip":65536,"charge":2,"key_delta":7},
{"name":"ranges","axes":[],"contribution":{"keycounts":{"prefix":{"of":"target","digits":6}}},"clip":655360,"charge":2,"key_delta":0}
]"#;

#[test]
fn tables_of_older_plans_have_the_role_that_their_names_meant() {
    let tables: Vec<MeasuredTable> = serde_json::from_str(OLDER).unwrap();
    let own = |question: &str| Role::Own { question: question.to_owned() };
    let ranges = || "ranges".to_owned();
    let expected = [
        Role::Total,
        Role::Total,
        Role::Marginal,
        Role::Marginal,
        own("people"),
        own("probing"),
        own("spent"),
        own("speed"),
        own("slow"),
        own("users"),
        Role::PrefixRound { question: ranges() },
        Role::PrefixRound { question: ranges() },
        Role::PrefixCounts { question: ranges() },
    ];
    let roles: Vec<&Role> = tables.iter().map(|table| &table.role).collect();
    assert_eq!(roles, expected.iter().collect::<Vec<_>>());
    // What they say beside it reads back as it was.
    let mut written = serde_json::to_value(&tables).unwrap();
    let mut older: serde_json::Value = serde_json::from_str(OLDER).unwrap();
    for (written, older) in
        written.as_array_mut().unwrap().iter_mut().zip(older.as_array_mut().unwrap())
    {
        written.as_object_mut().unwrap().remove("role").unwrap();
        let presence = older["contribution"].get_mut("presence").and_then(|of| of.as_object_mut());
        presence.map(|presence| presence.entry("of").or_insert("lookups".into()));
        older.as_object_mut().unwrap().entry("key_delta").or_insert(0.into());
    }
    assert_eq!(written, older);
}

#[test]
fn a_plan_without_roles_is_the_plan_that_was_frozen() {
    let prefixes = "[[question]]\nname = \"ranges\"\ncount = \"lookups\"\nkeys = \"private\"\n\
                    by = [\"target_prefix:6\"]\n[[question]]\nname = \"users\"\n\
                    histogram = \"lookups per requester\"\n";
    let release_file =
        ReleaseFile::parse(&format!("{RELEASE}{prefixes}"), "r.toml", Path::new(".")).unwrap();
    let plan = Plan::new(&release_file, NanoRho::new(20_000_000), None).unwrap();
    for table in plan.tables {
        let mut frozen = serde_json::to_value(&table).unwrap();
        frozen.as_object_mut().unwrap().remove("role").unwrap();
        assert_eq!(serde_json::from_value::<MeasuredTable>(frozen).unwrap(), table);
    }
}
