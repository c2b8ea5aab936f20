//! What each function's deployment package weighs.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::programs::{folder, workspace};
use crate::table::{Table, at_most};

const COMPARED: [&str; 2] = ["hello_runtime", "hello_http"];
const MEGABYTE: f64 = 1e6;
const GOAL_MB: f64 = 3.0;

/// Measures this section.
pub(crate) fn measure() -> Result<Vec<Table>> {
    let folder = folder()?;
    let mut table = Table::goals("Deployment packages (zip -9)");
    let mut missing = Vec::new();
    let functions = functions()?;
    for name in functions.iter().map(String::as_str).chain(COMPARED) {
        let Ok(program) = std::fs::read(folder.join(name)) else {
            missing.push(name);
            continue;
        };
        let zipped = zipped(&program)? as f64 / MEGABYTE;
        let measured = format!("{zipped:.2} MB of {:.2} MB", program.len() as f64 / MEGABYTE);
        if COMPARED.contains(&name) {
            table.metric(name, measured, "", "for comparison");
        } else {
            table.metric(name, measured, "<= 3.0 MB", at_most(zipped, GOAL_MB));
        }
    }
    if !missing.is_empty() {
        table.remark(format!(
            "Not built: {}. Build each alone, as it is deployed: cargo build --release -p <function>.",
            missing.join(", ")
        ));
    }
    Ok(vec![table])
}

/// The programs of the functions, each named as its folder.
fn functions() -> Result<Vec<String>> {
    let folders = std::fs::read_dir(workspace().join("functions"))?.collect::<Result<Vec<_>, _>>()?;
    let names = folders.into_iter().map(|folder| folder.file_name().into_string().ok().context("a function's folder has an odd name"));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn zipped(program: &[u8]) -> Result<usize> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(9));
    archive.start_file("bootstrap", options)?;
    archive.write_all(program)?;
    Ok(archive.finish()?.into_inner().len())
}
