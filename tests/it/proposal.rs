//! The prototype of `docs/proposals/activity-and-shapes.md`: its estimates beside those of
//! `reference.py`, which wrote `tests/golden/activity_and_shapes.json`.

#[path = "../../benches/accuracy/proposal/mod.rs"]
mod prototype;

use pointillist::plan::kinds::CLASSES;
use prototype::answer::{Estimate, counts, total};
use prototype::levels::{Axis, Level};
use prototype::look::{ClassNumber, is_empty, numbers};
use prototype::observed::{Observed, numbers_again};
use prototype::plan::{Asked, ClassTable, plan};
use prototype::shapes::Shapes;
use serde_json::Value;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/activity_and_shapes.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}
fn ten(value: &Value) -> [f64; CLASSES] {
    list(value).try_into().unwrap()
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
        let found: Vec<f64> = found.iter().map(of).collect();
        close(&found, &list(&expected[name]), &format!("{what} {name}"));
    }
}

/// Compares the numbers of all classes, and the total that follows from them.
fn compare_numbers(found: &[ClassNumber; CLASSES], expected: &Value, what: &str) {
    close(&found.map(|one| one.number), &list(&expected["value"]), what);
    close(&found.map(|one| one.below), &list(&expected["down"]), what);
    close(&found.map(|one| one.above), &list(&expected["up"]), what);
    for (class, known) in found.iter().zip(expected["known"].as_array().unwrap()) {
        assert_eq!(!class.is_unknown, known.as_bool().unwrap(), "{what}");
    }
    compare(&[total(found)], &expected["total"], what);
}

#[test]
fn looks_agree() {
    let golden = golden();
    let sd = golden["look_noise"].as_f64().unwrap();
    for case in golden["numbers"].as_array().unwrap() {
        let noisy = ten(&case["y"]);
        assert_eq!(is_empty(&noisy, sd), case["empty"].as_bool().unwrap());
        compare_numbers(&numbers(&noisy.map(|seen| (seen, sd))), case, "look");
    }
}

/// A case of the golden vectors, whose axes have names.
struct Case<'a> {
    of: &'a Value,
    axes: Vec<Axis>,
}

impl<'a> Case<'a> {
    fn new(of: &'a Value) -> Self {
        let axis = |axis: &Value| {
            let block = axis[2].as_u64().unwrap() as usize;
            Axis {
                size: axis[1].as_u64().unwrap() as usize,
                block: (block > 0).then_some(block),
                is_number: axis[3].as_bool().unwrap(),
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
            depths[self.place(&one[0])] = one[1].as_u64().unwrap() as u8;
        }
        Level(depths)
    }

    fn asked(&self) -> Vec<Asked> {
        let asked = self.of["questions"].as_array().unwrap().iter();
        let rho = |one: &Value| one["rho"].as_f64().unwrap();
        asked.map(|one| Asked { axes: self.table(one), rho: rho(one) }).collect()
    }

    /// The tables of a class as expected, each with its noisy cells.
    fn observed(&self, class: usize) -> Vec<Observed> {
        let tables = self.of["plan"][class].as_array().unwrap().iter();
        let noisy = self.of["noisy"][class].as_array().unwrap();
        let observed = tables.map(|one| {
            let (clip, rho) = (one["kappa"].as_f64().unwrap(), one["rho"].as_f64().unwrap());
            let cells = noisy.iter().find(|cells| cells["table"] == one["table"]).unwrap();
            (ClassTable { axes: self.table(one), clip, rho }, list(&cells["cells"]))
        });
        observed.collect()
    }
}

/// Compares the tables of a class whatever their order.
fn compare_plan(mut found: Vec<ClassTable>, observed: &[Observed], what: &str) {
    let mut expected: Vec<&ClassTable> = observed.iter().map(|(table, _)| table).collect();
    found.sort_by_key(|table| table.axes.clone());
    expected.sort_by_key(|table| table.axes.clone());
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((&found.axes, found.clip), (&expected.axes, expected.clip), "{what}");
        assert!((found.rho - expected.rho).abs() < 1e-12, "{what}");
    }
}

#[test]
fn cases_agree() {
    let golden = golden();
    let sd = golden["look_noise"].as_f64().unwrap();
    for of in golden["cases"].as_array().unwrap() {
        let (case, name) = (Case::new(of), of["name"].as_str().unwrap());
        let (axes, asked) = (&case.axes, case.asked());
        let look = ten(&of["y"]).map(|seen| (seen, sd));
        let first = numbers(&look).map(|class| class.number);
        close(&first, &list(&of["first"]), name);
        let observed: [Vec<Observed>; CLASSES] = std::array::from_fn(|class| case.observed(class));
        for (class, observed) in observed.iter().enumerate() {
            compare_plan(plan(class, first[class], axes, &asked), observed, name);
        }
        let again = numbers_again(&look, &observed);
        close(&again.map(|(number, _)| number), &list(&of["again"]["y"]), name);
        close(&again.map(|(_, sd)| sd), &list(&of["again"]["sd"]), name);
        let numbers = numbers(&again);
        compare_numbers(&numbers, of, name);
        let tables: Vec<Vec<usize>> = asked.iter().map(|one| one.axes.clone()).collect();
        let shapes = Shapes::new(axes, &tables, &numbers.map(|class| class.number), &observed);
        for answer in of["answers"].as_array().unwrap() {
            let level = case.level(&answer["level"]);
            compare(&counts(&shapes, &numbers, &level).unwrap(), answer, name);
        }
    }
}
