//! Estimates beside those of an independent program, which wrote `tests/golden/activity_and_shapes.json`
//! (`tests/golden/activity_and_shapes.py`).

use serde_json::Value;

use super::class_numbers::{ClassNumber, class_numbers, looks_empty};
use super::deviations::DayEstimate;
use super::geometry::Geometry;
use super::informative::is_unknown_mean;
use super::levels::{Level, LevelAxis};
use super::number_sums::{MeasuredMeans, in_range};
use super::observed::{Observed, numbers_again};
use super::quantiles::Bins;
use super::requesters::distinct;
use super::shapes::Shapes;
use super::shares::uninformative;
use super::value::Estimate;
use crate::plan::kinds::{CLASSES, nodes};
use crate::plan::{
    AxisSize, ClassTable, TableAxes, TableShare, class_tables, distinct as distinct_clips,
};

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/activity_and_shapes.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn ten(value: &Value) -> [f64; CLASSES] {
    list(value).try_into().unwrap()
}

/// Whether each value says nothing.
fn flags(value: &Value) -> Vec<bool> {
    let flags = value["uninformative"].as_array().unwrap().iter();
    flags.map(|flag| flag.as_bool().unwrap()).collect()
}

fn close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(off <= 1e-9 * (1.0 + expected.abs()), "{what} {place}: {found} {expected}");
    }
}

fn compare(found: &[Estimate], expected: &Value, what: &str) {
    for (name, of) in [
        ("value", (|one: &Estimate| one.value) as fn(&Estimate) -> f64),
        ("noise_sd", |one| one.noise_sd),
        ("low", |one| one.low),
        ("high", |one| one.high),
    ] {
        // Quantiles have no noise of their own there.
        if expected[name].is_array() {
            let found: Vec<f64> = found.iter().map(of).collect();
            close(&found, &list(&expected[name]), &format!("{what} {name}"));
        }
    }
}

fn compare_numbers(found: &[ClassNumber; CLASSES], expected: &Value, what: &str) {
    close(&found.map(|one| one.number), &list(&expected["value"]), what);
    close(&found.map(|one| one.below), &list(&expected["down"]), what);
    close(&found.map(|one| one.above), &list(&expected["up"]), what);
    for (class, known) in found.iter().zip(expected["known"].as_array().unwrap()) {
        assert_eq!(!class.is_unknown, known.as_bool().unwrap(), "{what}");
    }
}

#[test]
fn looks_agree() {
    let golden = golden();
    let sd = number(&golden["look_noise"]);
    for case in golden["numbers"].as_array().unwrap() {
        let look = ten(&case["y"]).map(|seen| (seen, sd));
        assert_eq!(looks_empty(&look), case["empty"].as_bool().unwrap());
        compare_numbers(&class_numbers(&look), case, "look");
    }
}

/// A case of the golden vectors, whose axes have names.
struct Case<'a> {
    of: &'a Value,
    axes: Vec<LevelAxis>,
}

impl<'a> Case<'a> {
    fn new(of: &'a Value) -> Self {
        let axis = |axis: &Value| {
            let block = usize::try_from(axis[2].as_u64().unwrap()).unwrap();
            LevelAxis {
                size: usize::try_from(axis[1].as_u64().unwrap()).unwrap(),
                block: (block > 0).then_some(block),
                is_number: axis[3].as_bool().unwrap(),
                is_split: axis[4].as_bool().unwrap(),
            }
        };
        Self { of, axes: of["axes"].as_array().unwrap().iter().map(axis).collect() }
    }

    fn place(&self, name: &Value) -> usize {
        let mut axes = self.of["axes"].as_array().unwrap().iter();
        axes.position(|axis| axis[0] == *name).unwrap()
    }

    fn table(&self, of: &Value) -> Vec<usize> {
        let names = of["table"].as_array().unwrap();
        let mut table: Vec<usize> = names.iter().map(|name| self.place(name)).collect();
        table.sort_unstable();
        table
    }

    fn level(&self, of: &Value) -> Level {
        let mut depths = vec![0; self.axes.len()];
        for one in of.as_array().unwrap() {
            depths[self.place(&one[0])] = u8::try_from(one[1].as_u64().unwrap()).unwrap();
        }
        Level(depths)
    }

    fn asked(&self) -> Vec<TableShare> {
        let asked = self.of["questions"].as_array().unwrap().iter();
        asked.map(|one| TableShare { axes: self.table(one), rho: number(&one["rho"]) }).collect()
    }

    /// The tables of a class as expected, each with its noisy cells.
    fn observed(&self, class: usize) -> Vec<(ClassTable, Observed)> {
        let tables = self.of["plan"][class].as_array().unwrap().iter();
        let noisy = self.of["noisy"][class].as_array().unwrap();
        let observed = tables.map(|one| {
            let (clip, rho) = (number(&one["kappa"]), number(&one["rho"]));
            let is_same = |cells: &&Value| ["table", "blocks"].map(|name| cells[name] == one[name]);
            let cells = noisy.iter().find(|cells| is_same(cells) == [true; 2]).unwrap();
            let in_blocks = one["blocks"].as_bool().unwrap();
            let axes = TableAxes { places: self.table(one), in_blocks };
            let cells = list(&cells["cells"]);
            let sd = clip / (2.0 * rho).sqrt();
            (ClassTable { axes: axes.clone(), clip, rho }, Observed { axes, clip, sd, cells })
        });
        observed.collect()
    }

    fn compare_plan(&self, class: usize, first: f64, what: &str) {
        let size = |axis: &LevelAxis| AxisSize {
            values: axis.size as f64,
            blocks: axis
                .block
                .filter(|_| axis.is_number)
                .map(|block| axis.size.div_ceil(block) as f64),
        };
        let sizes: Vec<AxisSize> = self.axes.iter().map(size).collect();
        let mut found = class_tables(class, first, &sizes, &self.asked());
        let mut expected: Vec<ClassTable> =
            self.observed(class).into_iter().map(|(table, _)| table).collect();
        found.sort_by_key(|table| table.axes.clone());
        expected.sort_by_key(|table| table.axes.clone());
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!((&found.axes, found.clip), (&expected.axes, expected.clip), "{what}");
            assert!((found.rho - expected.rho).abs() < 1e-12, "{what}");
        }
    }

    fn compare_answers(&self, day: &DayEstimate, what: &str) {
        compare(&[day.total()], &self.of["total"], what);
        for answer in self.of["answers"].as_array().unwrap() {
            let level = self.level(&answer["level"]);
            compare(&day.counts(&level, 1.0).unwrap(), answer, what);
        }
        for name in ["share", "whole_share"] {
            let share = &self.of[name];
            if !share.is_object() {
                continue;
            }
            let (level, by) = (self.level(&share["level"]), self.level(&share["by"]));
            let found = day.shares(&level, &by, &list(&share["meets"])).unwrap();
            compare(&found, share, &format!("{what} {name}"));
            let counts = if by.0.iter().all(|depth| *depth == 0) {
                vec![day.total()]
            } else {
                day.counts(&by, 1.0).unwrap()
            };
            assert_eq!(uninformative(&found, &counts), flags(share), "{what} {name}");
        }
        if let quantile @ Value::Object(_) = &self.of["quantile"] {
            let depths = |names: &[&str]| {
                let of = |axis: &Value| names.contains(&axis[0].as_str().unwrap());
                let axes = self.of["axes"].as_array().unwrap().iter().zip(&self.axes);
                Level(axes.map(|(name, axis)| if of(name) { axis.deepest() } else { 0 }).collect())
            };
            let (level, by) = (depths(&["country", "bin"]), depths(&["country"]));
            let edges = list(&quantile["edges"]);
            let cells: Vec<usize> = (0..level.cells(&self.axes)).collect();
            let rows: Vec<usize> = (0..by.cells(&self.axes)).collect();
            let bins = Bins { cells: &cells, rows: &rows, edges: &edges, is_log: true };
            let found = bins.quantiles(day, &level, &by, &[number(&quantile["at"])]).unwrap();
            let is_lost = bins.uninformative(day, &level, &by, &found).unwrap();
            assert_eq!(is_lost, flags(quantile), "{what} quantile");
            let found: Vec<Estimate> = found.into_iter().flatten().collect();
            compare(&found, quantile, &format!("{what} quantile"));
        }
    }
}

#[test]
fn cases_agree() {
    let golden = golden();
    let sd = number(&golden["look_noise"]);
    for of in golden["cases"].as_array().unwrap() {
        let (case, name) = (Case::new(of), of["name"].as_str().unwrap());
        let look = ten(&of["y"]).map(|seen| (seen, sd));
        let first = class_numbers(&look).map(|class| class.number);
        close(&first, &list(&of["first"]), name);
        for (class, first) in first.into_iter().enumerate() {
            case.compare_plan(class, first, name);
        }
        let observed: [Vec<Observed>; CLASSES] = std::array::from_fn(|class| {
            case.observed(class).into_iter().map(|(_, observed)| observed).collect()
        });
        let again = numbers_again(&look, &observed);
        close(&again.map(|(number, _)| number), &list(&of["again"]["y"]), name);
        close(&again.map(|(_, sd)| sd), &list(&of["again"]["sd"]), name);
        let numbers = class_numbers(&again);
        compare_numbers(&numbers, of, name);
        let tables: Vec<Vec<usize>> = case.asked().into_iter().map(|one| one.axes).collect();
        let geometry = Geometry::new(case.axes.clone());
        let shapes = Shapes::new(geometry, &tables, &numbers.map(|class| class.number), &observed);
        case.compare_answers(&DayEstimate { numbers, shapes }, name);
    }
}

#[test]
fn means_agree() {
    let golden = golden();
    let (means, sd) = (&golden["means"], number(&golden["look_noise"]));
    let numbers = class_numbers(&ten(&means["y_look"]).map(|seen| (seen, sd)));
    let rows = |name: &str| means[name].as_array().unwrap().iter().map(list).collect::<Vec<_>>();
    let noise = |clip: f64| clip * clip / (2.0 * number(&means["rho"]));
    let sums = rows("y").into_iter().zip(list(&means["kappa"]).into_iter().map(noise)).collect();
    // The other program does not say how far a clip bends means.
    let clips = [1.0; CLASSES];
    let found = MeasuredMeans { shares: rows("p"), sums, clips }.of(&numbers);
    let (low, high) = (number(&means["range"][0]), number(&means["range"][1]));
    let found: Vec<Estimate> = found.into_iter().map(|mean| mean.scaled(low, high - low)).collect();
    let found = in_range([low, high], &found);
    compare(&found, means, "means");
    let is_lost: Vec<bool> = found.iter().map(|mean| is_unknown_mean(mean, [low, high])).collect();
    assert_eq!(is_lost, flags(means));
}

#[test]
fn distinct_counts_agree() {
    let golden = golden();
    let sd = number(&golden["look_noise"]);
    for case in golden["distinct"].as_array().unwrap() {
        let look = ten(&case["y_look"]).map(|seen| (seen, sd));
        let numbers = class_numbers(&look).map(|class| class.number);
        let nodes = nodes().map(|node| node as f64);
        let classes: Vec<(f64, f64)> = nodes.into_iter().zip(numbers).collect();
        let (cells, rho) = (number(&case["cells"]), number(&case["rho"]));
        let count = u32::try_from(case["cells"].as_u64().unwrap()).unwrap();
        let square = f64::from(distinct_clips::squared_clip(count, &classes, rho));
        close(&[square], &[number(&case["clip2"])], "clip");
        let lost = distinct_clips::lost(square, count, &classes).most;
        close(&[lost], &[number(&case["lost"])], "lost");
        let noise = (square / (2.0 * rho)).sqrt();
        compare(&distinct(&list(&case["y"]), noise, cells / square, lost), case, "distinct");
    }
}
