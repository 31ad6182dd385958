//! Log files → batches of the canonical lookup, streaming and in parallel.
//!
//! In: `[logs]` of a release file and the keys that its questions use. Out: [`Lookups`], batch by
//! batch, in no particular order. [`LogReader::open`] reads footers, headers and schemas, and rows
//! only until they show that columns and times are those declared, so that logs that cannot be what
//! they claim are refused before a budget is spent. Memory is set by the batches in work, not by
//! the number of files. `retain` decides which rows belong to a day.
//!
//! A row goes through these files:
//!
//! | file | what it does |
//! |---|---|
//! | `walk`, `find`, `format` | lists the files of the glob and recognises their formats |
//! | `complete`, `digests` | whether a day has all of its files, by their names, and how the ledger recognises them |
//! | `declared`, `wanted` | refuses files without what the release file declares, and which columns are read |
//! | `absent` | columns of JSON that no line shows, and what was probably meant |
//! | `log_file` | opens a file and divides it into pieces that can be read apart |
//! | `parquet_file`, `parquet_schema`, `parquet_pages`, `ipc_file`, `ipc_lengths` | columnar files → raw batches |
//! | `parquet_texts`, `parquet_runs` | phone numbers in Parquet, text by text from the pages of their columns |
//! | `header`, `text_pieces` | text files → their columns, and pieces of whole records |
//! | `delimited`, `field`, `scan` | pieces of delimited text → raw batches; `field` says where a field ends, quotes and escapes included |
//! | `lines`, `json_lines`, `json_fallback`, `json_array` | pieces of other text → raw batches |
//! | `text_rows`, `views`, `raw_batch` | the rows of a piece while it is read, and the raw batch that they become |
//! | `derived`, `nested` | columns that are made from others, or lie within others |
//! | `lookups`, `positions`, `texts`, `time`, `instant`, `spelling`, `rejects` | raw batches → the canonical lookup, and rejects |
//! | `reader` | all files of a release, in parallel |
//! | `open`, `wide`, `foreign` | opens and unpacks files, reads UTF-16 as UTF-8, and recognises files that are no logs |
//! | `meter` | how much was read, for a progress display |
//! | `log_rows` | rows as deletion and legal holds see them |
//! | `first_lines`, `sample` | the first lines, and the first rows with all columns, for `init` |
//! | `reject_forms`, `unlisted` | what rejected rows look like, and values that are on no list, for `check` |

mod absent;
mod complete;
mod declared;
mod delimited;
mod derived;
mod digests;
mod field;
mod find;
mod first_lines;
mod foreign;
mod format;
mod header;
mod instant;
mod ipc_file;
mod ipc_lengths;
mod json_array;
mod json_fallback;
mod json_lines;
mod json_names;
mod lines;
mod log_file;
mod log_rows;
mod lookups;
mod meter;
mod nested;
mod open;
mod parquet_file;
mod parquet_pages;
mod parquet_runs;
mod parquet_schema;
mod parquet_texts;
mod positions;
mod raw_batch;
mod reader;
mod reject_forms;
mod rejects;
mod sample;
mod scan;
mod spelling;
#[cfg(test)]
mod tests;
mod text_pieces;
mod text_rows;
mod texts;
mod time;
mod unlisted;
mod views;
mod walk;
mod wanted;
mod wide;

pub use absent::AbsentColumn;
pub use complete::require_named;
pub(crate) use delimited::split;
pub use digests::{LogDigests, is_read_for, path_digest};
pub use find::{dated_logs, files_below, unrotated};
pub use first_lines::{FirstLines, TO_UTF8, first_lines};
pub use format::{Compression, Format, TextFormat};
pub use log_file::{LogFile, OpenLog, find_log_files};
pub use log_rows::{Identities, LogRows, Segment};
pub(crate) use lookups::Identifiers;
pub use lookups::{Lookups, RowCounts};
pub use meter::{Meter, Step};
pub use open::order_of;
pub use reader::LogReader;
pub use reject_forms::{IdentifierForm, RejectForms};
pub use rejects::{Reason, RejectedRows, Rejects};
pub use sample::{ColumnKind, Sample, SampleColumn};
pub(crate) use spelling::{Spelling, read as spelling};
pub use unlisted::Unlisted;
pub use walk::{PassedOver, finds};
pub(crate) use wanted::looks_like_value;
pub use wide::{Order, Wide};
