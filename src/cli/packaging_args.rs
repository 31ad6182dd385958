//! The commands of packagers, shells and editors.

use std::path::PathBuf;

use clap::Subcommand;

/// What the program prints or writes about itself.
#[derive(Debug, Subcommand)]
pub(crate) enum Packaging {
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write a man page for each command to a folder
    Man {
        /// The folder, made if it is not there
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Print the JSON Schema of a release file, by which editors complete and check one
    Schema,
}
