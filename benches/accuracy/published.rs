//! What the program published, read back, and how far it is from the truth.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pointillist::release_file::measure::Measure;
use pointillist::release_file::question::Question;

/// One published row.
pub(crate) struct Answer {
    pub(crate) keys: Vec<String>,
    /// The quantile, or the least number of a bin; 0 elsewhere.
    pub(crate) which: f64,
    /// The largest number of a bin.
    pub(crate) end: Option<f64>,
    pub(crate) value: f64,
    pub(crate) noise_sd: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) uninformative: bool,
}

/// The answers to one question on one day, beside the truths.
pub(crate) struct Seen {
    pub(crate) day: usize,
    pub(crate) answers: Vec<Answer>,
    pub(crate) truths: Vec<f64>,
}

/// How far published values are from the truth.
pub(crate) struct Figures {
    /// The median relative error of a cell that is not empty, in hundredths.
    pub(crate) error: f64,
    /// The root mean square error of a cell.
    pub(crate) square: f64,
    /// The median stated deviation of noise of the same cells, in hundredths of their truths.
    pub(crate) noise: f64,
    /// How many of 100 intervals hold the truth, on all days and on the worst.
    pub(crate) coverage: [f64; 2],
    /// The median half-width of intervals over the root mean square error, of cells that are not empty.
    pub(crate) width: f64,
    /// How many of 100 values say nothing.
    pub(crate) uninformative: f64,
}

/// Reads the rows of a published table.
pub(crate) fn answers(question: &Question, file: &[u8]) -> Vec<Answer> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(file))
        .and_then(|builder| builder.build())
        .expect("a Parquet file");
    reader.flat_map(|batch| rows(question, &batch.expect("a batch"))).collect()
}

fn rows(question: &Question, batch: &RecordBatch) -> Vec<Answer> {
    let numbers = |name: &str| -> Vec<Option<f64>> {
        let Some(column) = batch.column_by_name(name) else { return vec![None; batch.num_rows()] };
        let column = cast(column, &DataType::Float64).expect("numbers");
        column.as_primitive::<Float64Type>().iter().collect()
    };
    let texts = |name: &&str| {
        let column = batch.column_by_name(name).expect("a key");
        let column = cast(column, &DataType::Utf8).expect("text");
        column.as_string::<i32>().clone()
    };
    let keys: Vec<_> = key_names(question).iter().map(texts).collect();
    let [quantile, bin, end] = ["quantile", "bin_low", "bin_high"].map(numbers);
    let known = ["value", "noise_sd", "ci_low", "ci_high", "uninformative"].map(numbers);
    let answer = |row: usize| {
        let [value, noise_sd, low, high, uninformative] =
            std::array::from_fn(|column| known[column][row].expect("a number"));
        Answer {
            keys: keys.iter().map(|key| key.value(row).to_owned()).collect(),
            which: quantile[row].or(bin[row]).unwrap_or(0.0),
            end: end[row],
            value,
            noise_sd,
            low,
            high,
            uninformative: uninformative > 0.0,
        }
    };
    (0..batch.num_rows()).map(answer).collect()
}

/// The columns of a question's keys.
pub(crate) fn key_names(question: &Question) -> Vec<&str> {
    match &question.measure {
        Measure::Prefixes(prefix) => vec![prefix.column()],
        _ => question.by.iter().map(|key| key.name()).collect(),
    }
}

impl Figures {
    pub(crate) fn of(seen: &[&Seen]) -> Self {
        let each =
            |of: &dyn Fn(&Seen) -> f64| seen.iter().map(|seen| of(seen)).collect::<Vec<f64>>();
        let held = each(&|seen| seen.mean(holds) * 100.0);
        let last = seen.iter().map(|seen| seen.day).max().unwrap_or(0);
        let of_day = |day| {
            let held = held.iter().zip(seen).filter(|(_, seen)| seen.day == day);
            mean(&held.map(|(held, _)| *held).collect::<Vec<_>>())
        };
        let worst = (0..=last).map(of_day).filter(|held| !held.is_nan()).fold(100.0, f64::min);
        let square = |answer: &Answer, truth: f64| (answer.value - truth).powi(2);
        let width = median(each(&|seen| median(seen.filled(|answer, _| half(answer)))));
        let square_filled = mean(&each(&|seen| mean(&seen.filled(square)))).sqrt();
        let relative =
            |answer: &Answer, truth: f64| (answer.value - truth).abs() / truth.abs() * 100.0;
        let noise = |answer: &Answer, truth: f64| answer.noise_sd / truth.abs() * 100.0;
        Self {
            error: mean(&each(&|seen| median(seen.filled(relative)))),
            square: mean(&each(&|seen| seen.mean(square))).sqrt(),
            noise: mean(&each(&|seen| median(seen.filled(noise)))),
            coverage: [mean(&held), worst],
            width: width / square_filled,
            uninformative: mean(&each(&|seen| {
                seen.mean(|answer, _| f64::from(answer.uninformative)) * 100.0
            })),
        }
    }
}

impl Seen {
    fn mean(&self, of: impl Fn(&Answer, f64) -> f64) -> f64 {
        let all = self.answers.iter().zip(&self.truths);
        all.map(|(answer, truth)| of(answer, *truth)).sum::<f64>() / self.truths.len() as f64
    }

    /// The same of each cell that is not empty.
    fn filled(&self, of: impl Fn(&Answer, f64) -> f64) -> Vec<f64> {
        let all = self.answers.iter().zip(&self.truths).filter(|(_, truth)| **truth != 0.0);
        all.map(|(answer, truth)| of(answer, *truth)).collect()
    }
}

fn holds(answer: &Answer, truth: f64) -> f64 {
    f64::from(answer.low <= truth + 1e-9 && truth <= answer.high + 1e-9)
}

fn half(answer: &Answer) -> f64 {
    (answer.high - answer.low) / 2.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count => f64::midpoint(values[(count - 1) / 2], values[count / 2]),
    }
}
