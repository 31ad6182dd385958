//! Every atom lands where its key values say.

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
                    let units = of("speed").units(atom);
                    assert_eq!(units, [Some(-65_536), Some(65_536), None][(bin / 64) as usize]);
                }
            }
        }
    }
}
