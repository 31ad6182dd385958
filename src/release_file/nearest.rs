//! The known name that somebody meant who typed one that is unknown.

/// The known name that is most like the typed one, capitals or not, if its likeness is above `least`: 1
/// for the same name, 0 for one that has nothing in common.
pub fn nearest<'a>(
    typed: &str,
    known: impl IntoIterator<Item = &'a str>,
    least: f64,
) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let alike = |known: &str| strsim::jaro_winkler(&typed, &known.to_lowercase());
    let known = known.into_iter().map(|known| (alike(known), known));
    let best = known.max_by(|one, two| one.0.total_cmp(&two.0));
    best.filter(|(alike, _)| *alike > least).map(|(_, known)| known)
}
