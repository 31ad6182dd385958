//! Rows at which engines could differ: ties, nulls, empty texts, separators, ends of days and of numbers.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use parquet::arrow::ArrowWriter;

/// On it the clock goes forward in New York and Havana.
pub(super) const DAY: &str = "2026-03-08";
/// Its first second in UTC.
const START: i64 = 1_772_928_000;

/// Numbers of a deterministic sequence, all different.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// The first digits of numbers of which four are open, of countries whose calling codes are alike.
const CALLERS: [&str; 8] = [
    "+43664123",
    "+1415555",
    "+1204555",
    "+7701234",
    "+7912345",
    "+44791112",
    "+44778112",
    "+39066981",
];

/// Numbers, and texts that only look like one.
const NUMBERS: [&str; 48] = [
    "+436641234567",
    "+14155550101",
    "+14155550102",
    "+12042345678",
    "+77012345678",
    "+79123456789",
    "+441534123456",
    "+447911123456",
    "+447781123456",
    "+390669812345",
    "+39066981234",
    "+2908999",
    "+29022158",
    "+4779000000",
    "+4722123456",
    "+35818123456",
    "+358401234567",
    "+61891621234",
    "+262269601234",
    "+262692123456",
    "+88800000000000",
    "+80012345678",
    "+8613812345678",
    "+5491123456789",
    "+541112345678",
    "+37080012345",
    "+375800123",
    "+2250123456789",
    "+4930123456",
    "+495123456789012",
    // None of these is one.
    "",
    "436641234567",
    "00436641234567",
    "+43 664 1234567",
    " +436641234567",
    "+436641234567 ",
    "+436641234567\n",
    "+43664123456712345",
    "+43664",
    "+999123456789",
    "+4306641234567",
    "+1800FLOWERS",
    "+٤٣٦٦٤١٢٣٤٥٦٧",
    "＋436641234567",
    "tel:+436641234567",
    "+436641234567.0",
    "+43664\u{0}1234567",
    "+14155550101 +14155550102",
];

#[derive(Default)]
struct Columns {
    /// The number that asks.
    own: Option<String>,
    requesters: Vec<Option<String>>,
    targets: Vec<Option<String>>,
    from: Vec<Option<String>>,
    to: Vec<Option<String>>,
    numbers: Vec<Option<i64>>,
    micros: Vec<Option<i64>>,
    apps: Vec<Option<&'static str>>,
    routes: Vec<Option<&'static str>>,
    latencies: Vec<Option<f64>>,
    offsets: Vec<Option<f64>>,
}

/// Writes two files, of which the second has no route.
pub(super) fn write_awkward(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, seed, has_route) in [("a.parquet", 1, true), ("b.parquet", 2, false)] {
        let columns = rows(&mut Sequence(seed));
        let seconds = columns.micros.iter().map(|at| at.map(|at| at.div_euclid(1_000_000)));
        let nanos = columns.micros.iter().map(|at| at.map(|at| at * 1_000 + 999));
        let times = TimestampMicrosecondArray::from(columns.micros.clone()).with_timezone("UTC");
        let mut arrays: Vec<(&str, ArrayRef)> = vec![
            ("requester", Arc::new(StringArray::from(columns.requesters))),
            ("target", Arc::new(StringArray::from(columns.targets))),
            ("from", Arc::new(StringArray::from(columns.from))),
            ("to", Arc::new(StringArray::from(columns.to))),
            ("number", Arc::new(Int64Array::from(columns.numbers))),
            ("at", Arc::new(times)),
            ("at_s", Arc::new(seconds.collect::<Int64Array>())),
            ("at_ns", Arc::new(nanos.collect::<Int64Array>())),
            ("app", Arc::new(StringArray::from(columns.apps))),
            ("latency_ms", Arc::new(Float64Array::from(columns.latencies))),
            ("offset", Arc::new(Float64Array::from(columns.offsets))),
        ];
        if has_route {
            arrays.push(("route", Arc::new(StringArray::from(columns.routes))));
        }
        let arrays = arrays.into_iter().map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let file = File::create(folder.join(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

fn rows(sequence: &mut Sequence) -> Columns {
    let mut columns = Columns::default();
    // Around the nodes of classes, spread over many cells or one; names that an engine could confuse.
    let sizes = [1, 2, 3, 7, 8, 9, 20, 31, 32, 33, 127, 128, 129, 512, 2_047, 2_049, 9_000];
    let names = [
        "a", "A", "a ", " a", "a|b", "a,b", "a\tb", "it's", "é", "e\u{301}", "\u{0}", "0", "00",
        "null",
    ];
    for (place, size) in sizes.into_iter().enumerate() {
        for copy in 0..3 {
            let name = format!("{}{place}-{copy}", names[(place + copy) % names.len()]);
            columns.own = Some(format!("{}{:02}{copy:02}", CALLERS[place % CALLERS.len()], place));
            let spread = [1, 3, 200][copy];
            (0..size).for_each(|row| columns.push(sequence, Some(name.clone()), row % spread));
        }
    }
    for number in NUMBERS {
        columns.own = Some(number.to_owned());
        (0..30).for_each(|row| columns.push(sequence, Some("n".to_owned()), row));
    }
    columns.own = None;
    for name in names.iter().map(|name| Some((*name).to_owned())).chain([None, Some(String::new())])
    {
        (0..40).for_each(|row| columns.push(sequence, name.clone(), row));
    }
    columns
}

impl Columns {
    fn push(&mut self, sequence: &mut Sequence, requester: Option<String>, at: usize) {
        const APPS: [Option<&str>; 12] = [
            Some("messages"),
            Some("calls"),
            Some("Calls"),
            Some("calls "),
            Some("it's"),
            Some("a\\b"),
            Some("é"),
            Some("$x"),
            Some("a|b"),
            Some(""),
            Some("other"),
            None,
        ];
        const ROUTES: [Option<&str>; 14] = [
            Some("messenger"),
            Some(" SMS\t"),
            Some("TRUE"),
            Some("\u{a0}no\u{2003}"),
            Some("1"),
            Some("0"),
            Some("t"),
            Some("F"),
            Some("yes"),
            Some("unknown"),
            Some("ſms"),
            Some("sms sms"),
            Some(""),
            None,
        ];
        const LATENCIES: [Option<f64>; 16] = [
            Some(0.0),
            Some(-0.0),
            Some(-1.0),
            Some(1.0),
            Some(1.000_000_1),
            Some(59_999.9),
            Some(60_000.0),
            Some(60_000.1),
            Some(f64::NAN),
            Some(f64::INFINITY),
            Some(f64::NEG_INFINITY),
            Some(1e300),
            Some(5e-324),
            Some(333.3),
            Some(12.5),
            None,
        ];
        // Ends of the day in each of the zones, ends of hours, and far away.
        const HOURS: [i64; 12] = [-14, -11, -10, -1, 0, 4, 5, 6, 7, 13, 23, 28];
        let hour = HOURS[at % HOURS.len()] * 3_600 + [0, 0, 1_800, 1][sequence.below(4)];
        let micros = (START + hour) * 1_000_000 + [0, -1, 1, 999_999][sequence.below(4)];
        self.micros.push(match sequence.below(60) {
            0 => None,
            1 => Some(micros + 365 * 86_400_000_000),
            _ => Some(micros),
        });
        self.requesters.push(requester);
        self.from.push(self.own.clone());
        let number = sequence.below(NUMBERS.len() + 2);
        self.to.push(match NUMBERS.get(number) {
            Some(number) => Some((*number).to_owned()),
            None => [None, Some(format!("+1415555{:04}", sequence.below(300)))][number % 2].clone(),
        });
        let target = sequence.below(30);
        self.targets.push(
            [None, Some(String::new())]
                .get(target)
                .cloned()
                .unwrap_or_else(|| Some(format!("t{target}"))),
        );
        self.numbers.push((target != 3).then_some(target as i64 - 9));
        self.apps.push(APPS[(at + sequence.below(2)) % APPS.len()]);
        self.routes.push(ROUTES[sequence.below(ROUTES.len())]);
        self.latencies.push(LATENCIES[sequence.below(LATENCIES.len())]);
        let offset = sequence.below(4_000) as f64 / 100.0 - 20.0;
        self.offsets.push((target != 5).then_some(offset));
    }
}
