//! An answer as it is published: columns beside the keys, and which rows.

use super::value::Estimate;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Which combination of keys each row is of.
    pub rows: Rows,
    /// The columns beside the keys, in published order.
    pub columns: Vec<Column>,
    /// The noisy tables that it comes from, by their places.
    pub measured_tables: Vec<usize>,
}

/// The rows of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// This number of rows for each combination of keys, in key order.
    Each(usize),
    /// One row for each of these combinations.
    Picked(Vec<usize>),
}

/// One published column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// One value for each row.
    pub values: Values,
    /// Whether a value may be missing.
    pub nullable: bool,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Whole numbers.
    Whole(Vec<Option<i64>>),
    /// Real numbers.
    Real(Vec<Option<f64>>),
    /// Yes or no.
    Flag(Vec<bool>),
    /// Names of prefixes.
    Text(Vec<String>),
}

impl Answer {
    /// An answer with rows and columns and nothing else.
    pub(super) const fn new(rows: Rows, columns: Vec<Column>) -> Self {
        Self { rows, columns, measured_tables: Vec::new() }
    }

    /// The numbers of a column by its name, for tests, demonstrations and predictions.
    pub fn numbers(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let column = self.columns.iter().find(|column| column.name == name)?;
        Some(match &column.values {
            Values::Whole(values) => {
                values.iter().map(|value| value.map(|value| value as f64)).collect()
            }
            Values::Real(values) => values.clone(),
            Values::Flag(values) => values.iter().map(|flag| Some(f64::from(*flag))).collect(),
            Values::Text(_) => return None,
        })
    }
}

impl Column {
    pub(super) fn whole(name: &'static str, values: Vec<i64>) -> Self {
        let values = Values::Whole(values.into_iter().map(Some).collect());
        Self { name, values, nullable: false }
    }

    pub(super) fn real(name: &'static str, values: Vec<f64>) -> Self {
        let values = Values::Real(values.into_iter().map(Some).collect());
        Self { name, values, nullable: false }
    }

    pub(super) const fn flag(name: &'static str, values: Vec<bool>) -> Self {
        Self { name, values: Values::Flag(values), nullable: false }
    }
}

/// The columns of real numbers with their intervals, and whether each says nothing.
pub(super) fn real_columns(estimates: &[Estimate], uninformative: Vec<bool>) -> Vec<Column> {
    let column =
        |name, of: fn(&Estimate) -> f64| Column::real(name, estimates.iter().map(of).collect());
    vec![
        column("value", |estimate| estimate.value),
        column("noise_sd", |estimate| estimate.noise_sd),
        column("ci_low", |estimate| estimate.low),
        column("ci_high", |estimate| estimate.high),
        Column::flag("uninformative", uninformative),
    ]
}

/// The number of lookups behind each share or mean, with its interval; roll-ups weight values by
/// it.
pub(super) fn of_lookups(counts: &[Estimate]) -> Vec<Column> {
    let column = |name, of: fn(&Estimate) -> f64| {
        Column::whole(name, counts.iter().map(|count| whole(of(count))).collect())
    };
    vec![
        column("of_lookups", |count| (count.value + 0.5).floor()),
        column("of_lookups_low", |count| count.low.floor()),
        column("of_lookups_high", |count| count.high.ceil()),
    ]
}

/// A rounded number as an integer.
#[expect(clippy::cast_possible_truncation, reason = "conversions to integers stop at the ends")]
pub(super) const fn whole(value: f64) -> i64 {
    value as i64
}

/// The number that a standard normal exceeds with probability `above`, which is below a half.
pub fn normal_quantile(above: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 40.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if libm::erfc(middle / std::f64::consts::SQRT_2) / 2.0 > above {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::value::Z_95;
    use super::*;

    #[test]
    fn quantiles_of_the_normal() {
        // Tables of the normal distribution: 2.5 %, 0.5 %, and one in two million.
        for (above, expected) in [(0.025, 1.959_964), (0.005, 2.575_829), (5e-7, 4.891_638)] {
            assert!((normal_quantile(above) - expected).abs() < 1e-5);
        }
        assert!((normal_quantile(0.025) - Z_95).abs() < 1e-9);
    }
}
