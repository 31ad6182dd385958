//! Log files → batches of the canonical lookup; rows that cannot be read are rejects, by reason.

pub mod phone;
