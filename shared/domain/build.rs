//! Compiles the list of user agent phrases into an automaton that loads in microseconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder, MatchKind};

#[path = "src/clicks/agent/flags.rs"]
mod flags;
use flags::UserAgentFlags;

const LIST: &str = "data/user-agent-phrases.txt";

/// The phrase hides the shorter phrases it contains. Only this script uses the flag.
const HARMLESS: UserAgentFlags = UserAgentFlags(1 << 31);

/// The sections of the list, by their headings.
const SECTIONS: [(&str, UserAgentFlags); 10] = [
    ("[harmless]", HARMLESS),
    ("[browser]", UserAgentFlags::BROWSER),
    ("[engine]", UserAgentFlags::ENGINE),
    ("[declared_bot]", UserAgentFlags::DECLARED_BOT),
    ("[automation_tool]", UserAgentFlags::AUTOMATION_TOOL),
    ("[mobile]", UserAgentFlags::MOBILE),
    ("[tablet]", UserAgentFlags::TABLET),
    ("[android]", UserAgentFlags::ANDROID),
    ("[desktop]", UserAgentFlags::DESKTOP),
    ("[other_system]", UserAgentFlags::OTHER_SYSTEM),
];

fn main() -> Result<(), Box<dyn Error>> {
    for input in [LIST, "src/clicks/agent/flags.rs", "build.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let phrases = read(&fs::read_to_string(LIST)?)?;
    let automaton: DoubleArrayAhoCorasick<u32> = DoubleArrayAhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build_with_values(with_inner_flags(&phrases))
        .map_err(|error| error.to_string())?;
    let compiled = automaton.serialize();
    DoubleArrayAhoCorasick::<u32>::deserialize(&compiled).map_err(|error| error.to_string())?;

    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("user-agent-phrases.bin");
    fs::write(target, compiled)?;
    Ok(())
}

/// Reads the list: sections of phrases, one per line.
fn read(list: &str) -> Result<BTreeMap<String, UserAgentFlags>, Box<dyn Error>> {
    let mut phrases: BTreeMap<String, UserAgentFlags> = BTreeMap::new();
    let mut section = None;
    for line in list.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            let known = SECTIONS.iter().find(|(heading, _)| *heading == line);
            section = Some(known.ok_or_else(|| format!("{LIST}: unknown section {line}"))?.1);
            continue;
        }
        let flags = section.ok_or_else(|| format!("{LIST}: {line:?} is in no section"))?;
        if line.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{LIST}: {line:?} can never match: not lower-case").into());
        }
        let known = phrases.entry(line.to_owned()).or_default();
        *known = known.and(flags);
        if known.any_of(UserAgentFlags::BROWSER) && known.any_of(UserAgentFlags::BOT) {
            return Err(format!("{LIST}: {line:?} is listed as a browser and as a bot").into());
        }
    }
    Ok(phrases)
}

/// Gives each phrase the flags of the phrases inside it, which would otherwise be lost because the longest match wins.
/// Harmless phrases keep only their own flags, since hiding shorter phrases is their purpose; so do those of bots, because
/// the longer name is the more exact one.
fn with_inner_flags(phrases: &BTreeMap<String, UserAgentFlags>) -> Vec<(&str, u32)> {
    let mut complete = Vec::with_capacity(phrases.len());
    for (phrase, own) in phrases {
        let mut flags = *own;
        if !own.any_of(HARMLESS.and(UserAgentFlags::BOT)) {
            for (inner, more) in phrases {
                if phrase.contains(inner.as_str()) {
                    flags = flags.and(*more);
                }
            }
        }
        complete.push((phrase.as_str(), flags.0));
    }
    complete
}
