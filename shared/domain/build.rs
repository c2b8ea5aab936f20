//! Compiles the list of user agent phrases into the constants of a trie.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

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
    let target = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?).join("user_agent_phrases.rs");
    fs::write(target, trie(&with_inner_flags(&phrases))?)?;
    Ok(())
}

/// The constants of `src/clicks/agent/phrases.rs`: the nodes of a trie, level by level, so that the children of each are beside each other
/// and the children of the next node follow them. Node 0 is the root.
fn trie(phrases: &[(&str, u32)]) -> Result<String, Box<dyn Error>> {
    let (mut labels, mut flags, mut children) = (vec![0], Vec::new(), Vec::new());
    // Per node: the phrases below it, which are sorted, and how many bytes of them it stands for.
    let mut nodes = VecDeque::from([(phrases, 0)]);
    while let Some((below, depth)) = nodes.pop_front() {
        children.push(u16::try_from(labels.len())?);
        let (own, longer) = below.split_at(below.partition_point(|(phrase, _)| phrase.len() == depth));
        flags.push(own.first().map_or(0, |(_, flags)| *flags));
        for branch in longer.chunk_by(|(one, _), (other, _)| one.as_bytes().get(depth) == other.as_bytes().get(depth)) {
            labels.extend(branch.first().and_then(|(phrase, _)| phrase.as_bytes().get(depth)));
            nodes.push_back((branch, depth + 1));
        }
    }
    children.push(u16::try_from(labels.len())?);
    let mut root = vec![0_u16; 256];
    let children_of_root = labels.iter().enumerate().take(children.get(1).copied().map_or(0, usize::from)).skip(1);
    for (child, label) in children_of_root {
        if let Some(place) = root.get_mut(usize::from(*label)) {
            *place = u16::try_from(child)?;
        }
    }
    let mut constants = String::new();
    writeln!(constants, "static ROOT: [u16; 256] = {root:?};")?;
    writeln!(constants, "static LABELS: [u8; {}] = {labels:?};", labels.len())?;
    writeln!(constants, "static CHILDREN: [u16; {}] = {children:?};", children.len())?;
    writeln!(constants, "static FLAGS: [u32; {}] = {flags:?};", flags.len())?;
    Ok(constants)
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
