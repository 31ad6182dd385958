//! Reading whole files, as other programs wrote them.

mod awkward;
mod documented;
mod nested;
