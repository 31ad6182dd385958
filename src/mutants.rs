//! Broken versions of the program, to show that a test notices each (docs/audit.md).
//!
//! A place that can be broken asks `mutant!("name")`. Without the feature `mutants`, which no user has, that
//! is `false`, and the name is not in the program. With it the environment variable
//! `POINTILLIST_MUTANT` chooses one of them.

#[cfg(not(feature = "mutants"))]
macro_rules! mutant {
    ($name:literal) => {
        false
    };
}

#[cfg(feature = "mutants")]
macro_rules! mutant {
    ($name:literal) => {
        $crate::mutants::is($name)
    };
}

/// Whether this broken version was chosen.
#[cfg(feature = "mutants")]
pub(crate) fn is(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("POINTILLIST_MUTANT").ok());
    chosen.as_deref() == Some(name)
}

#[cfg(test)]
#[cfg(feature = "mutants")]
mod tests;
