//! What a release file may say, and what it may not.

use super::*;

const GOOD: &str = r#"
name = "daily"
[logs]
path = "logs/*.parquet"
[keys]
app = ["messages", "calls"]
[ledger]
path = "daily.ledger"
epsilon = 1.0
delta = 1e-6
[[question]]
name = "volume"
count = "lookups"
by = ["hour", "target_country", "app", "route"]
[[question]]
name = "sms_share"
share = "route = 'sms'"
by = ["app"]
"#;

fn read(text: &str) -> Result<ReleaseFile> {
    ReleaseFile::parse(text, "daily.toml", Path::new("folder"))
}

#[test]
fn a_release_means_what_it_says() {
    let release_file = read(GOOD).unwrap();
    assert_eq!(release_file.logs.place.path(), Path::new("folder/logs/*.parquet"));
    assert_eq!(release_file.output, Path::new("folder/published"));
    assert_eq!(release_file.retention_days, 30);
    let app = &release_file.questions[0].by[2];
    assert_eq!(app.values(), ["calls", "messages", "other"]);
    assert_eq!(app.fallback(), 2);
    assert_eq!(release_file.questions[0].by[3].values(), ["messenger", "sms", "unknown"]);
}

#[test]
fn the_fingerprint_ignores_places_and_formatting_and_sees_the_rest() {
    let base = read(GOOD).unwrap().fingerprint().to_owned();
    let moved = GOOD.replace("logs/*.parquet", "elsewhere/**").replace("daily.ledger", "x.ledger");
    assert_eq!(read(&moved.replace("\n[", "\n\n# note\n[")).unwrap().fingerprint(), base);
    let capped = GOOD.replace("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 4.0");
    assert_eq!(read(&capped).unwrap().fingerprint(), base);
    for (from, to) in [
        ("epsilon = 1.0", "epsilon = 1.5"),
        ("\"messages\", \"calls\"", "\"messages\""),
        ("route = 'sms'", "route <> 'sms'"),
        ("[ledger]", "[privacy]\nbudget_share = 0.5\n[ledger]"),
        ("delta = 1e-6", "delta = 1e-6\ntime_zone = \"Europe/Paris\""),
        ("path = \"logs/*.parquet\"", "path = \"logs/*.parquet\"\nwhere = \"app <> 'x'\""),
        ("path = \"logs/*.parquet\"", "path = \"logs/*.parquet\"\ncolumns = { route = \"r\" }"),
        ("by = [\"app\"]", "by = [\"app\"]\nweight = 2.0"),
        ("count = \"lookups\"", "count = \"lookups\"\ntop = 3"),
        ("count = \"lookups\"", "count = \"lookups\"\nclip = 3"),
        ("count = \"lookups\"", "count = \"lookups\"\nloose = true"),
    ] {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "{from}");
        assert_ne!(read(&changed).unwrap().fingerprint(), base, "{to}");
    }
}

#[test]
fn every_refusal_names_its_field() {
    for (from, to, names) in [
        ("epsilon = 1.0", "epsilon = 0", "[ledger] epsilon"),
        ("epsilon = 1.0", "epsilon = nan", "[ledger] epsilon"),
        ("epsilon = 1.0", "epsilon = -1", "[ledger] epsilon"),
        ("epsilon = 1.0", "epsilon = 1e400", "line 9, column 11"),
        ("delta = 1e-6", "delta = 0", "[ledger] delta"),
        ("[keys]", "table = \"lake.lookups\"\n[keys]", "`[logs] table` stands beside `path`"),
        ("path = \"logs/*.parquet\"", "table = \"lake..lookups\"", "names no table"),
        ("path = \"logs/*.parquet\"", "", "`[logs] path` is missing"),
        ("path = \"logs/*.parquet\"", "path = \"\"", "`[logs] path` is empty"),
        (
            "[keys]",
            "identifier = \"e164-exact\"\ndefault_region = \"AT\"\n[keys]",
            "default_region",
        ),
        ("[keys]", "identifier = \"E164\"\n[keys]", "[logs] identifier"),
        ("delta = 1e-6", "delta = 1e-6\nkey_delta = 1e-6", "key_delta"),
        ("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 0.9", "[ledger] epsilon_30_days"),
        ("delta = 1e-6", "delta = 1e-6\nepsilon_30_days = 101", "[ledger] epsilon_30_days"),
        ("path = \"daily.ledger\"\n", "", "[ledger] path"),
        ("by = [\"app\"]", "by = [\"carrier\"]", "carrier"),
        ("by = [\"app\"]", "by = [\"requester\"]", "requester"),
        ("share = \"route = 'sms'\"", "share = \"route = 'SMS'\"", "has no value 'SMS'"),
        ("share = \"route = 'sms'\"", "share = \"route = sms\"", "the key `sms`"),
        ("[keys]", "[keys]\ntarget_country = [\"XX\"]", "`XX`, which is no country"),
        ("by = [\"app\"]", "by = [\"day\"]", "day"),
        ("by = [\"app\"]", "by = [\"app\", \"app\"]", "app"),
        ("by = [\"app\"]", "keys = \"private\"", "belong to a count"),
        ("count = \"lookups\"", "count = \"lookups\"\nkeys = \"private\"", "stand alone in `by`"),
        ("by = [\"app\"]", "by = [\"target_prefix:6\"]", "no public list"),
        (
            "share = \"route = 'sms'\"\nby = [\"app\"]",
            "count = \"lookups\"\nkeys = \"private\"\nby = [\"target_prefix:12\"]",
            "may be published",
        ),
        (
            "share = \"route = 'sms'\"\nby = [\"app\"]",
            "count = \"lookups\"\nkeys = \"private\"\nby = [\"app\"]",
            "no private values",
        ),
        ("share = \"route = 'sms'\"", "mean = \"latency_ms\"", "`range` is missing"),
        ("share = \"route = 'sms'\"", "mean = \"target\"\nrange = [0, 1]", "may not be published"),
        (
            "share = \"route = 'sms'\"",
            "sum = \"requested_at\"\nrange = [0, 1]",
            "may not be published",
        ),
        ("share = \"route = 'sms'\"", "mean = \"latency_ms\"\nrange = [5, 1]", "`range` is not"),
        (
            "share = \"route = 'sms'\"",
            "quantiles = [0.5, 0.2]\nof = \"latency_ms\"\nrange = [1, 2]",
            "ascending",
        ),
        (
            "share = \"route = 'sms'\"",
            "quantiles = [0.5]\nrange = [1, 2]",
            "`quantiles` needs `of`",
        ),
        (
            "share = \"route = 'sms'\"",
            "distinct = \"requester\"\nhaving = \"targets > 5\"",
            "`having = ",
        ),
        (
            "share = \"route = 'sms'\"",
            "count = \"lookups\"\nhaving = \"lookups >= 5\"",
            "`having` does not belong",
        ),
        ("share = \"route = 'sms'\"", "distinct = \"requester\"\ntop = 3", "`top` needs a count"),
        ("share = \"route = 'sms'\"", "histogram = \"lookups per requester\"", "takes no `by`"),
        (
            "share = \"route = 'sms'\"",
            "histogram = \"lookups per requester\"\nclip = 3",
            "takes no `by`",
        ),
        ("share = \"route = 'sms'\"", "share = \"target = 'x'\"", "target"),
        ("share = \"route = 'sms'\"", "share = \"latency_ms > 5\"", "latency_ms"),
        ("share = \"route = 'sms'\"", "share = \"day = 'x'\"", "day"),
        ("name = \"sms_share\"", "name = \"volume\"", "volume"),
        ("name = \"sms_share\"", "name = \"../up\"", "../up"),
        ("[ledger]", "[privacy]\nunit = \"requester-week\"\n[ledger]", "requester-week"),
        ("[ledger]", "[retention]\ndays = 0\n[ledger]", "[retention] days"),
        ("[keys]", "columns = { app = \"requester\" }\n[keys]", "protected"),
        ("[keys]", "where = \"target = '1'\"\n[keys]", "target"),
        ("[keys]", "columns = { target = \"dst\" }\nwhere = \"dst = '1'\"\n[keys]", "dst"),
    ] {
        let changed = GOOD.replacen(from, to, 1);
        assert_ne!(changed, GOOD, "{from}");
        let error = read(&changed).unwrap_err();
        assert_eq!(error.kind(), crate::Kind::Usage, "{to}: {error}");
        assert!(error.to_string().contains(names), "{to}: {error}");
        assert!(error.hint().is_some(), "{to}: {error}");
    }
}

#[test]
fn a_refusal_names_what_was_meant() {
    for (from, to, help) in [
        ("share = \"route = 'sms'\"", "share = \"route = 'SMS'\"", "did you mean 'sms'?"),
        ("share = \"route = 'sms'\"", "share = \"route = sms\"", "route = 'sms'"),
        ("share = \"route = 'sms'\"", "share = \"app = 'x'\"", "its values are calls, messages"),
        ("by = [\"app\"]", "by = [\"hours\"]", "did you mean `hour`?"),
        ("by = [\"app\"]", "by = [\"target_contry\"]", "did you mean `target_country`?"),
        ("[keys]", "[keys]\ntarget_country = [\"us\"]", "did you mean US?"),
    ] {
        let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains(help)), "{to}: {error:?}");
    }
}

#[test]
fn a_domain_past_the_limit_is_refused_before_any_log_is_read() {
    let many: Vec<String> = (0..20_000).map(|value| format!("\"v{value}\"")).collect();
    let list = format!("[keys]\nkind = [{}]\n", many.join(","));
    let text = GOOD.replacen("[keys]\n", &list, 1).replacen(
        "by = [\"hour\"",
        "by = [\"kind\", \"hour\"",
        1,
    );
    let error = read(&text).unwrap_err();
    assert!(error.to_string().contains("1,000,000 cells"), "{error}");
}
