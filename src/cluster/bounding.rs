//! The bounds of [`crate::bound`] as expressions: the same whole numbers, from the same constants.
//!
//! What is at most 2^60 is a BIGINT, everything else DECIMAL(38, 0), which holds 2^126. The square
//! root starts from that of a double, which is off by up to 2^11 where the root is 2^63, and is
//! made exact by one Newton step in decimals and one comparison. *Proof.* A guess at a distance e
//! from the root r gives, by the step, a number between r and r + e²/(2 guess), which is less than
//! 0.13 more: 2^22/2^64 for the largest roots, and (1/2)²/2 for the smallest, whose guess is the
//! nearest whole number. Six decimals and rounding to a whole number move it by less than 0.51.
//! What comes out is therefore the root rounded up or down, and its square says which. ∎

use crate::plan::kinds::{
    CLASSES, FIRST_NODE, LIGHT, MULTIPLIER_BITS, SHAPE_BITS, SHAPE_ONE, most_rows, nodes,
};

/// The lower class of a requester with `n` lookups, and its weights there and in the next one: as
/// [`crate::plan::kinds::Hat`] has them.
pub(super) fn hat() -> String {
    let nodes = nodes();
    let (mut classes, mut lower, mut upper) = (String::new(), String::new(), String::new());
    let mut arm = |node: u64, class: usize, low: String, high: String| {
        classes.push_str(&format!("WHEN n < {node}L THEN {class} "));
        lower.push_str(&format!("WHEN n < {node}L THEN {low} "));
        upper.push_str(&format!("WHEN n < {node}L THEN {high} "));
    };
    let part = |lookups: String, whole: u64| format!("(({lookups}) * {SHAPE_ONE}L) DIV {whole}L");
    arm(FIRST_NODE, 0, part("n".to_owned(), FIRST_NODE), "0L".to_owned());
    for (class, ends) in nodes.windows(2).enumerate() {
        let (low, high) = (ends[0], ends[1]);
        let whole = high - low;
        arm(high, class, part(format!("{high}L - n"), whole), part(format!("n - {low}L"), whole));
    }
    let last = CLASSES - 1;
    format!(
        "CASE {classes}ELSE {last} END AS class,\n    CASE {lower}ELSE {SHAPE_ONE}L END AS lower,\n    \
         CASE {upper}ELSE 0L END AS upper"
    )
}

/// Common tables, of which the last, `to`, is `from` with a column `root`: the square root of its
/// column `product`, rounded up, or null if the product is zero.
pub(super) fn rooted(from: &str, to: &str) -> String {
    format!(
        "{to}_guessed AS (\n  SELECT *, CAST(sqrt(CAST(product AS DOUBLE)) AS DECIMAL(38, 0)) AS guess FROM {from}\n),\n\
         {to}_near AS (\n  SELECT *, CAST((guess + product / nullif(guess, 0)) / 2 AS DECIMAL(38, 0)) AS near FROM {to}_guessed\n),\n\
         {to} AS (\n  SELECT *, CASE WHEN CAST(near * near AS DECIMAL(38, 0)) >= product THEN near ELSE near + 1 END AS root\n  FROM {to}_near\n)"
    )
}

/// What the amount of a cell adds to a table of shapes: as `RequesterBounder` does.
pub(super) fn shape_steps() -> String {
    let whole = decimal(1 << MULTIPLIER_BITS);
    let inside = "(CAST(clip * n AS DECIMAL(38, 0)) * one)";
    format!(
        "CASE WHEN holds_all THEN weight\n    \
         WHEN adds_rows AND n <= {LIGHT}L THEN amount * (weight DIV n)\n    \
         WHEN n > (CASE WHEN bits = 0 THEN {}L ELSE {}L END) OR product = 0 THEN 0L\n    \
         ELSE ((CAST(amount AS DECIMAL(38, 0)) * (\n      \
         CASE WHEN product <= {inside} * {inside} THEN (weight * {}L) DIV n\n      \
         ELSE (CAST(clip * weight AS DECIMAL(38, 0)) * {whole} * one) DIV root END\n    \
         )) DIV {whole}) DIV one END",
        most_rows(0),
        most_rows(1),
        1_u64 << MULTIPLIER_BITS,
    )
}

/// What a cell of one whole adds to a table that scales into a ball, for a requester with `cells` of them.
pub(super) fn ball_steps(clip: u64) -> String {
    let square = decimal(u128::from(clip) * u128::from(clip));
    format!(
        "CASE WHEN product <= {square} THEN {SHAPE_ONE}L \
         ELSE ({} * {}) DIV root END",
        decimal(SHAPE_ONE.into()),
        decimal(clip.into())
    )
}

/// The square of one whole.
pub(super) fn square_of_one() -> String {
    decimal(1 << (2 * SHAPE_BITS))
}

/// A whole number of any size.
pub(super) fn decimal(value: u128) -> String {
    format!("CAST({value}BD AS DECIMAL(38, 0))")
}

#[cfg(test)]
#[cfg(feature = "spark")]
mod tests;
