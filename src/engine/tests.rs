//! The kernel: tallies of whole logs against figures, other formats and a plain form of itself.

mod cases;
mod counted;
mod formats;
mod made_files;
mod made_logs;
mod oracle;
mod properties;
mod reference;
mod shapes;
mod world;
