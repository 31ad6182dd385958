//! Tables that a cluster knows by their names, files that are named after their day, and buckets of object stores.

use super::*;

#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn tables_and_files_with_dates_have_the_same_sums_on_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    write_dated(&logs);
    let columns = "identifier = \"opaque\"\ncolumns = { requested_at = \"at\" }\n";
    let questions = asked(&["volume", "trying"]);
    let text = |place: &str| release(&format!("{place}\n{columns}"), "UTC", &questions);
    let dated = text("path = \"logs\"\nday_file = true");
    let (of_one, _) = compare(&dated, folder.path(), files::DAY, &[1.0]);

    let remote = std::env::var("POINTILLIST_SPARK").expect("the place of a cluster");
    let engine = Engine::at(&remote, None).unwrap();
    let session = crate::cluster::session_for_test(&engine);
    let from =
        format!("SELECT *, CAST(at AS DATE) AS day FROM parquet.`file://{}`", logs.display());
    session(&format!("CREATE TABLE `by_day` USING parquet PARTITIONED BY (day) AS {from}"));
    session(&format!("CREATE TABLE texts USING csv AS {from}"));
    session("CREATE VIEW behind AS SELECT * FROM by_day");
    let table = text("table = \"spark_catalog.default.by_day\"\nday_folder = \"day\"");
    let (of_both, _) =
        compare_with([&text("path = \"logs\""), &table], folder.path(), files::DAY, &[1.0]);
    assert!(of_one > 10.0 && of_both > of_one, "{of_one} {of_both}");

    for (place, named) in [("texts", "`csv`"), ("behind", "view")] {
        let text = text(&format!("table = \"{place}\""));
        let release_file = ReleaseFile::parse(&text, "r.toml", folder.path()).unwrap();
        let bounds = DayBounds::new(files::DAY.parse().unwrap(), &jiff::tz::TimeZone::UTC).unwrap();
        let first = Plan::of_look(&release_file, &plan(&release_file).unwrap().0).unwrap();
        let job = job(&release_file, Some(&remote));
        let error = Opened::open(&job, &first, &bounds).err().unwrap();
        assert!(error.to_string().contains(named), "{place}: {error}");
    }
}

/// The script's servers show the folder of temporary files in buckets, under the schemes of object stores.
#[test]
#[ignore = "needs a cluster: tests/cluster/run.sh"]
fn buckets_have_the_same_sums_on_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    write_dated(&logs);
    let place = logs.strip_prefix(std::env::temp_dir()).unwrap().display();
    let columns = "identifier = \"opaque\"\ncolumns = { requested_at = \"at\" }\n";
    let text = |path: &str, more: &str| {
        release(&format!("path = \"{path}\"\n{more}{columns}"), "UTC", &asked(&["volume"]))
    };
    for (bucket, more) in [
        ("s3a://days", ""),
        ("s3a://days", "day_file = true\n"),
        ("abfss://days@lookups.dfs.core.windows.net", ""),
    ] {
        let texts = [text("logs", more), text(&format!("{bucket}/tmp/{place}"), more)];
        let [here, there] = &texts;
        let (people, cells) = compare_with([here, there], folder.path(), files::DAY, &[1.0]);
        assert!(people > 10.0 && cells > 100, "{bucket} {more} {people} {cells}");
    }
}

/// Writes awkward rows into files with dates in their names.
fn write_dated(logs: &Path) {
    files::write_awkward(logs);
    // The second file is of another day by its name, whatever rows it has.
    for (old, new) in [("a.parquet", "of-2026-03-08.parquet"), ("b.parquet", "20260309T01.parquet")]
    {
        std::fs::rename(logs.join(old), logs.join(new)).unwrap();
    }
}
