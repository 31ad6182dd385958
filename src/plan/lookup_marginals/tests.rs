//! Which tables are measured, with which clips.

use std::path::Path;

use super::super::kinds::DEFAULT_BOUND;
use super::super::published_layers::PublishedLayers;
use super::*;
use crate::release_file::ReleaseFile;
use crate::release_file::measure::HISTOGRAM_BINS;

fn release(questions: &str) -> ReleaseFile {
    let text = format!(
        "name = \"r\"\n[logs]\npath = \"x\"\n[keys]\napp = [\"a\", \"b\"]\n[ledger]\n\
         path = \"r.ledger\"\nepsilon = 1.0\ndelta = 1e-6\n{questions}"
    );
    ReleaseFile::parse(&text, "r.toml", Path::new(".")).unwrap()
}

fn tables(questions: &str) -> Vec<MeasuredTable> {
    let release_file = release(questions);
    let budget = NanoRho::new(20_000_000);
    LookupMarginals::new(&release_file.questions)
        .unwrap()
        .tables(budget, Unit::RequesterDay, None)
        .unwrap()
}

#[test]
fn equal_questions_share_a_table_and_a_total_stands_beside_it() {
    let tables = tables(
        "[[question]]\nname = \"one\"\ncount = \"lookups\"\nby = [\"hour\", \"app\"]\n\
         [[question]]\nname = \"two\"\ncount = \"lookups\"\nby = [\"app\", \"hour\"]\nclip = 7\n\
         [[question]]\nname = \"three\"\nshare = \"app = 'a'\"\nby = [\"hour\"]\n",
    );
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["all lookups", "lookups by hour, app"]);
    assert_eq!((tables[0].asked_clip(), tables[1].clip), (DEFAULT_BOUND, Clip::whole(7)));
    assert_eq!(tables[0].charge.nano(), 8_000_000);
    assert!((11_999_990..=12_000_000).contains(&tables[1].charge.nano()));
}

#[test]
fn a_share_without_a_count_brings_its_condition() {
    let tables = tables(
        "[[question]]\nname = \"sms\"\nshare = \"route = 'sms'\"\nby = [\"app\"]\nclip = 5\n",
    );
    assert_eq!(tables[1].name, "lookups by app, sms met");
    assert_eq!(tables[1].axes, [Axis::Key("app".to_owned()), Axis::Condition("sms".to_owned())]);
    assert_eq!(tables[1].clip, Clip::whole(5));
}

#[test]
fn clips_shrink_with_the_grain_and_follow_the_history() {
    // Neither contains the keys of the other.
    let asked = "[[question]]\nname = \"app\"\ncount = \"lookups\"\nby = [\"app\"]\n\
                 [[question]]\nname = \"fine\"\ncount = \"lookups\"\nby = [\"target_country\", \"hour\"]\n";
    let constant = tables(asked);
    assert!(constant[2].clip.units() < constant[1].clip.units());
    let release_file = release(asked);
    let lookups = LookupMarginals::new(&release_file.questions).unwrap();
    let with = |heavy: f64, noise_sd: f64| {
        let mut bins = vec![0.0; HISTOGRAM_BINS];
        (bins[0], bins[4], bins[16]) = (90_000.0, 9_000.0, heavy);
        let history = History::new(&[(bins, noise_sd)], Vec::new()).unwrap();
        lookups.tables(NanoRho::new(20_000_000), Unit::PersonDay, Some(&history)).unwrap()
    };
    // No requester asks more than six times, so the least clip takes nothing.
    let light = with(0.0, 1.0);
    assert_eq!(light[0].clip, Clip::whole(20));
    // A thousand requesters ask 500 times or more.
    let heavy = with(1_000.0, 1.0);
    assert_eq!(heavy[0].clip, Clip::whole(700));
    // Where the noise of the histogram hides a thousand, nothing is learned of them.
    assert_eq!(with(0.0, 1_000.0)[0].clip, DEFAULT_BOUND);
    let spent =
        |tables: &[MeasuredTable]| -> u64 { tables.iter().map(|table| table.charge.nano()).sum() };
    assert!(spent(&light) <= 20_000_000 && spent(&heavy) <= 20_000_000);
}

#[test]
fn the_total_alone_gets_everything() {
    let tables = tables("[[question]]\nname = \"all\"\ncount = \"lookups\"\n");
    assert_eq!(tables.len(), 1);
    assert_eq!(tables[0].charge.nano(), 20_000_000);
}

#[test]
fn layers_set_the_clip_of_the_total_and_of_loose_tables() {
    let release_file = release(
        "[[question]]\nname = \"app\"\ncount = \"lookups\"\nby = [\"app\"]\nloose = true\n\
         [[question]]\nname = \"fine\"\ncount = \"lookups\"\nby = [\"app\", \"hour\"]\n",
    );
    let lookups = LookupMarginals::new(&release_file.questions).unwrap();
    let with = |unit: Unit, history: Option<&History>| {
        lookups.tables(NanoRho::new(20_000_000), unit, history).unwrap()
    };
    let mut empty = PublishedLayers { width: 20.0, noise_sd: 1.0, sums: vec![0.0; 16] };
    empty.sums[0] = 10_000.0;
    let history = History::new(&[], vec![empty]).unwrap();
    let (before, after) =
        (with(Unit::RequesterDay, None), with(Unit::RequesterDay, Some(&history)));
    assert_eq!(before[0].asked_clip(), DEFAULT_BOUND);
    // Half of the way to the least clip, and no further than half of the last.
    assert_eq!(after[0].asked_clip(), Clip::whole(160));
    assert_eq!(after[0].contribution, Contribution::Layers(Layers { count: 16 }));
    assert_eq!(after[0].clip, Clip::whole(40));
    assert!(after[1].clip.units() < before[1].clip.units());
    // Persons have one cell: layers are no sums of row weights.
    let persons = with(Unit::PersonDay, None);
    assert_eq!(
        (&persons[0].contribution, persons[0].clip),
        (&Contribution::Lookups, DEFAULT_BOUND)
    );
}

#[test]
fn the_release_files_clip_of_the_total_stands_whatever_earlier_days_show() {
    let release_file = release("[[question]]\nname = \"all\"\ncount = \"lookups\"\nclip = 48\n");
    let mut empty = PublishedLayers { width: 20.0, noise_sd: 1.0, sums: vec![0.0; 16] };
    empty.sums[0] = 10_000.0;
    let history = History::new(&[], vec![empty]);
    let lookups = LookupMarginals::new(&release_file.questions).unwrap();
    let tables =
        lookups.tables(NanoRho::new(20_000_000), Unit::RequesterDay, history.as_ref()).unwrap();
    assert_eq!((tables[0].asked_clip(), tables[0].clip), (Clip::whole(48), Clip::whole(12)));
}
