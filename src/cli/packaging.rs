//! What the program prints or writes about itself: completions, man pages, the schema of its file.

use std::path::Path;

use clap::CommandFactory;
use serde_json::{Value, json};

use super::args::Arguments;
use super::output::Output;
use super::packaging_args::Packaging;
use crate::release_file::schema::schema;
use crate::{Error, Result};

/// Runs the command.
pub(crate) fn run(asked: &Packaging, output: &Output) -> Result<()> {
    match asked {
        Packaging::Completions { shell } => completions(*shell, output),
        Packaging::Man { folder } => man(folder, output)?,
        Packaging::Schema => {
            let text = schema();
            let object = serde_json::from_str::<Value>(&text)
                .map_err(|error| Error::internal("the schema is no JSON").because(error))?;
            output.result(&object, &text);
        }
    }
    Ok(())
}

fn completions(shell: clap_complete::Shell, output: &Output) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), env!("CARGO_PKG_NAME"), &mut script);
    let script = String::from_utf8_lossy(&script);
    output.result(&json!({ "shell": shell.to_string(), "script": script }), &script);
}

fn man(folder: &Path, output: &Output) -> Result<()> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder))
        .map_err(|error| {
            Error::io(format!("man pages cannot be written to {}", folder.display()))
                .help("name a folder that you may write to")
                .because(error)
        })?;
    let shown = folder.display();
    let text = format!("wrote the man pages to {shown}\nnext: man {shown}/pointillist.1\n");
    output.result(&json!({ "written": folder }), &text);
    Ok(())
}
