//! Release files: what is read is planned, and what is not is refused as a mistake of the file.

use pointillist::release_file::ReleaseFile;
use pointillist::{Kind, pipeline};

use crate::chance::Chance;
use crate::damage::{Seed, damage, seeds};
use crate::program::{check, folder, run};
use crate::watched::Target;

/// Fields and values that mean something.
const WORDS: [&str; 72] = [
    "name = ",
    "path = ",
    "columns = ",
    "{ requester = \"a.b\", target = 1 }",
    "delimiter = \"blanks\"",
    "quote = \"\"",
    "header = false",
    "header = \"#fields\"",
    "header = [\"a\", \"b\"]",
    "pattern = '(?<requester>\\w+)'",
    "skip = ''",
    "time_unit = \"ms\"",
    "time_zone = \"Asia/Kolkata\"",
    "time_format = \"%d/%m/%Y %H:%M:%S\"",
    "default_year = 2026",
    "default_region = \"US\"",
    "identifier = \"opaque\"",
    "where = \"app <> 'x' AND (latency_ms > 2 OR route IS NULL)\"",
    "settle = \"2h\"",
    "day_folder = \"day\"",
    "day_file = true",
    "[logs.expect]\nhours = 24",
    "files_per_day = 3",
    "epsilon = 1e-6",
    "epsilon = 100",
    "delta = 1e-15",
    "delta = 0.001",
    "key_delta = 0",
    "epsilon_30_days = 4.0",
    "unit = \"person-day\"",
    "budget_share = 0.000001",
    "exempt = [\"+4915112345678\"]",
    "[[question]]\n",
    "count = \"lookups\"",
    "distinct = \"requester\"",
    "share = \"route = 'sms'\"",
    "share = \"hour IN (1, 2) AND app LIKE '%a_'\"",
    "sum = \"latency_ms\"",
    "mean = \"x\"",
    "quantiles = [0.5, 0.95]",
    "quantiles = [0.0001, 0.9999]",
    "histogram = \"lookups per requester\"",
    "of = \"latency_ms\"",
    "range = [1, 60000]",
    "range = [-1e15, 1e15]",
    "range = [0.001, 0.002]",
    "top = 10",
    "keys = \"private\"",
    "by = [\"hour\", \"app\", \"target_country\", \"requester_country\"]",
    "by = [\"hour_of_week\"]",
    "by = [\"target_prefix:6\"]",
    "by = [\"target_prefix:15\"]",
    "having = \"targets >= 50\"",
    "having = \"lookups >= 4294967296\"",
    "weight = 1000000",
    "weight = 0.001",
    "\"",
    "'''",
    "[",
    "]",
    "=",
    "#",
    "\u{feff}",
    "\u{202e}",
    "\\u0000",
    "\u{1f4a5}",
    "[keys]",
    "[retention]\ndays = 36500",
    "[output]\npath = \"\"",
    "[privacy]",
    "+inf",
    "-0.0",
];

fn all() -> Vec<Seed> {
    ["data", "tests/cases", "src/cli/demo", "tests/golden/look", "tests/golden/person-day"]
        .into_iter()
        .flat_map(seeds)
        .filter(|seed| seed.name.ends_with(".toml"))
        .collect()
}

pub(crate) fn target() -> Target {
    let seeds = all();
    let folder = folder();
    Box::new(move |chance| one(chance, &seeds, folder.path()))
}

fn one(chance: &mut Chance, seeds: &[Seed], folder: &std::path::Path) {
    let mut bytes = seeds[chance.below(seeds.len())].bytes.clone();
    let other = &seeds[chance.below(seeds.len())].bytes;
    damage(chance, &mut bytes, &WORDS, other);
    let path = folder.join("release.toml");
    std::fs::write(&path, &bytes).unwrap();
    match ReleaseFile::read(&path) {
        Err(error) => check(&error, &[Kind::Usage, Kind::Io]),
        Ok(release_file) => match pipeline::plan(&release_file) {
            Err(error) => check(&error, &[Kind::Usage, Kind::Refused]),
            Ok((split, guarantee)) => {
                guarantee.losses().unwrap();
                let charge = split.charge().rho();
                assert!(charge > 0.0 && charge.is_finite());
            }
        },
    }
    if chance.once_in(100) {
        for command in ["plan", "explain", "check", "status"] {
            run(folder, &[command, "release.toml"]);
        }
    }
}
