//! Answers that cannot be right are not taken, whichever way they are wrong.

use std::sync::Arc;

use arrow_array::ArrayRef;

use super::*;
use crate::plan::kinds::SHAPE_ONE;
use crate::release_file::prefix::PrefixOf;

const ONE: i64 = SHAPE_ONE.cast_signed();
const PREFIX: Prefix = Prefix { of: PrefixOf::Target, digits: 6 };

/// The totals of three requesters.
fn totals() -> Totals {
    let mut classes = [0; CLASSES];
    classes[0] = 3 * ONE;
    Totals { requesters: 3 * ONE, classes }
}

fn weights(prefixes: Vec<Option<i64>>, steps: Vec<i64>) -> RecordBatch {
    let columns: [(&str, ArrayRef); 2] = [
        ("prefix", Arc::new(Int64Array::from(prefixes))),
        ("steps", Arc::new(Int64Array::from(steps))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

#[test]
fn weights_of_prefixes_that_cannot_be_right_are_not_taken() {
    let found = BTreeSet::from([436_642]);
    let take = |prefixes: &[Option<i64>], steps: &[i64]| {
        let answer = [weights(prefixes.to_vec(), steps.to_vec())];
        prefix_weights(&answer, PREFIX, &found, &totals()).map(PrefixTally::into_weights)
    };
    let (right, other) = (Some(436_641), Some(141_555));
    let taken = take(&[right, other], &[ONE, 3 * ONE]).unwrap();
    assert_eq!(taken, (vec![141_555, 436_641], vec![3 * ONE, ONE]));
    for (prefixes, steps, why) in [
        (&[right, right][..], &[ONE, ONE][..], "a prefix twice"),
        (&[Some(436_642)], &[ONE], "one that is found already"),
        (&[Some(43_664)], &[ONE], "one digit less"),
        (&[Some(4_366_412)], &[ONE], "one digit more"),
        (&[Some(-436_641)], &[ONE], "less than nothing"),
        (&[None], &[ONE], "none"),
        (&[right], &[0], "no weight"),
        (&[right], &[3 * ONE + 1], "more than all requesters"),
        (&[right, other, Some(1), Some(2)][..2], &[3 * ONE, -ONE], "a negative weight"),
    ] {
        assert!(take(prefixes, steps).is_err(), "{why}");
    }
    // Of each requester the root of ten at most: three of them cannot fill ten prefixes each.
    let many: Vec<Option<i64>> = (0..10).map(|more| Some(436_650 + more)).collect();
    assert!(take(&many, &[3 * ONE; 10]).is_err());
    assert!(take(&many, &[PREFIX_WEIGHTS[10] * 3; 10]).is_ok());
    let text: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["436641"]));
    let steps: ArrayRef = Arc::new(Int64Array::from(vec![ONE]));
    let texts = RecordBatch::try_from_iter([("prefix", text), ("steps", steps)]).unwrap();
    assert!(prefix_weights(&[texts], PREFIX, &found, &totals()).is_err());
}

#[test]
fn sums_that_cannot_be_right_are_not_taken() {
    let statement =
        Statement { name: String::new(), sql: String::new(), tables: vec![0], check: Check::Each };
    let take = |rows: &[(i32, i32, i64)]| {
        let place: arrow_array::Int32Array = rows.iter().map(|row| row.0).collect();
        let cell: arrow_array::Int32Array = rows.iter().map(|row| row.1).collect();
        let steps: Int64Array = rows.iter().map(|row| row.2).collect();
        let columns: [(&str, ArrayRef); 3] =
            [("place", Arc::new(place)), ("cell", Arc::new(cell)), ("steps", Arc::new(steps))];
        let answer = RecordBatch::try_from_iter(columns).unwrap();
        let mut sums = Sums(vec![vec![None; 2], vec![None; 2]]);
        sums.take(&statement, &[answer]).map(|_| sums.table(0).collect::<Vec<i64>>())
    };
    assert_eq!(take(&[(0, 1, 5)]).unwrap(), [0, 5]);
    for (rows, why) in [
        (&[(0, 1, 5), (0, 1, 5)][..], "a cell twice"),
        (&[(0, 2, 5)], "behind its table"),
        (&[(0, -1, 5)], "before its table"),
        (&[(1, 0, 5)], "a table that was not asked for"),
        (&[(-1, 0, 5)], "a total that belongs to a look"),
        (&[(0, 0, -1)], "less than nothing"),
    ] {
        assert!(take(rows).is_err(), "{why}");
    }
}
