//! The program as its users meet it: the built binary, its files, its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod any_log;
mod archive_world;
mod capped;
mod changed_worlds;
mod check;
mod clock;
mod compare;
mod coverage;
mod custody;
mod documents;
mod empty;
mod explain;
mod faults;
mod files;
mod golden;
mod holds;
mod house;
mod init;
mod injector;
mod interrupted;
mod kills;
mod language;
mod looks;
mod manifest;
mod marks;
mod missing_days;
mod mistakes;
mod naming;
mod persons;
mod private_keys;
mod refusals;
mod report;
mod reruns;
mod retain;
mod rollup;
mod rules;
mod seen;
mod shims;
mod statistics;
mod terminal;
mod text;
mod tutorial;
mod unkeyed;
mod world;
