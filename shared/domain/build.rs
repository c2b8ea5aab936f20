//! Compiles the list of user agent phrases into an automaton that loads in microseconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder, MatchKind};

#[path = "src/clicks/agent/flags.rs"]
mod flags;
use flags::Marks;

const LIST: &str = "data/agent-marks.txt";

/// Takes the sting out of the shorter phrases it covers. Only this script needs to know.
const HARMLESS: Marks = Marks(1 << 31);

/// The sections of the list, by their headings.
const SECTIONS: [(&str, Marks); 9] = [
    ("[harmless]", HARMLESS),
    ("[browser]", Marks::BROWSER),
    ("[declared_bot]", Marks::DECLARED_BOT),
    ("[automation_tool]", Marks::AUTOMATION_TOOL),
    ("[mobile]", Marks::MOBILE),
    ("[tablet]", Marks::TABLET),
    ("[android]", Marks::ANDROID),
    ("[desktop]", Marks::DESKTOP),
    ("[other_system]", Marks::OTHER_SYSTEM),
];

fn main() -> Result<(), Box<dyn Error>> {
    for input in [LIST, "src/clicks/agent/flags.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let phrases = read(&fs::read_to_string(LIST)?)?;
    let automaton: DoubleArrayAhoCorasick<u32> = DoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build_with_values(closed(&phrases))
        .map_err(|error| error.to_string())?;
    let compiled = automaton.serialize();
    DoubleArrayAhoCorasick::<u32>::deserialize(&compiled).map_err(|error| error.to_string())?;

    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("agent-marks.bin");
    fs::write(target, compiled)?;
    Ok(())
}

/// Reads the list: sections of phrases, one a line.
fn read(list: &str) -> Result<BTreeMap<String, Marks>, Box<dyn Error>> {
    let mut phrases: BTreeMap<String, Marks> = BTreeMap::new();
    let mut section = None;
    for line in list.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            let known = SECTIONS.iter().find(|(heading, _)| *heading == line);
            section = Some(known.ok_or_else(|| format!("{LIST}: no section {line}"))?.1);
            continue;
        }
        let marks = section.ok_or_else(|| format!("{LIST}: {line:?} stands in no section"))?;
        if line.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{LIST}: {line:?} can never match: not lower-case").into());
        }
        let known = phrases.entry(line.to_owned()).or_default();
        *known = known.and(marks);
        if known.any_of(Marks::BROWSER) && known.any_of(Marks::BOT) {
            return Err(format!("{LIST}: {line:?} speaks for a browser and against it").into());
        }
    }
    Ok(phrases)
}

/// Gives each phrase the marks of the phrases within it, which it would otherwise swallow
/// where the longest wins. Harmless phrases stay as they are, to swallow being their work, and
/// accusing ones too: the longer name is the more exact accusation.
fn closed(phrases: &BTreeMap<String, Marks>) -> Vec<(&str, u32)> {
    let mut closed = Vec::with_capacity(phrases.len());
    for (phrase, own) in phrases {
        let mut marks = *own;
        if !own.any_of(HARMLESS.and(Marks::BOT)) {
            for (inner, more) in phrases {
                if phrase.contains(inner.as_str()) {
                    marks = marks.and(*more);
                }
            }
        }
        closed.push((phrase.as_str(), marks.0));
    }
    closed
}
