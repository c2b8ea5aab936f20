//! Compresses the console's files, so that the program carries them as it sends them.
//!
//! Writes a table of every file in `web/dist` but `index.html`, which gets the deployment's settings at run time.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const DIST: &str = "web/dist";
const INDEX: &str = "index.html";
/// What the settings replace in `index.html`.
const PLACEHOLDER: &str = r#"<script type="application/json" id="config">{}</script>"#;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DIST}");
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let mut paths = Vec::new();
    collect(Path::new(DIST), &mut paths)?;
    paths.sort();

    let mut table = String::from("&[\n");
    for (number, path) in paths.iter().enumerate() {
        let name = path.strip_prefix(DIST)?.to_str().ok_or("a file's name is not text")?.replace('\\', "/");
        let content = fs::read(path)?;
        if name == INDEX {
            continue;
        }
        let kind = kind(&name)?;
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let zipped = gzip(&content)?;
        // What is compressed already, such as a font, stays as it is.
        let is_gzip = zipped.len() < content.len() / 10 * 9;
        let stored = out.join(format!("{number}.file"));
        fs::write(&stored, if is_gzip { &zipped } else { &content })?;
        writeln!(
            table,
            "File {{ name: {name:?}, kind: {kind:?}, tag: \"W/\\\"{:016x}\\\"\", content: include_bytes!({stored:?}), is_gzip: {is_gzip} }},",
            hasher.finish()
        )?;
    }
    table.push(']');
    fs::write(out.join("files.rs"), table)?;

    let index = fs::read_to_string(Path::new(DIST).join(INDEX))?;
    if index.matches(PLACEHOLDER).count() != 1 {
        return Err(format!("{DIST}/{INDEX} must contain {PLACEHOLDER} once").into());
    }
    fs::write(out.join(INDEX), index)?;
    Ok(())
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// The media type of a file.
fn kind(name: &str) -> Result<&'static str, Box<dyn Error>> {
    Ok(match Path::new(name).extension().and_then(OsStr::to_str) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => return Err(format!("{DIST}/{name}: build.rs knows no media type for it").into()),
    })
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
