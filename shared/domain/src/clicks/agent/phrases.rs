//! Finds the listed phrases in a user agent, of which at most [`MAX_KEPT_BYTES`] are read.

use std::ops::Range;

use super::flags::UserAgentFlags;

/// Bytes of a user agent or a purpose header that are read and stored. Only what is stored is classified, so classifying
/// the stored click again gives the same result; anything a client sends beyond it must not cost more time.
pub const MAX_KEPT_BYTES: usize = 512;

// `data/user-agent-phrases.txt` as the nodes of a trie, made by the build script: constants, which cost a cold start nothing. Of each node
// `LABELS` has the last byte, `CHILDREN` the first child, up to that of the next node, and `FLAGS` the flags where a phrase ends, else 0.
// `ROOT` has the children of the root, which are many, by their byte, and 0 where there is none.
include!(concat!(env!("OUT_DIR"), "/user_agent_phrases.rs"));

/// The child of a node by its byte.
fn child(node: usize, label: u8) -> Option<usize> {
    let (first, end) = (usize::from(*CHILDREN.get(node)?), usize::from(*CHILDREN.get(node + 1)?));
    let place = LABELS.get(first..end)?.iter().position(|of_child| *of_child == label)?;
    Some(first + place)
}

/// The longest phrase that `text` begins with: its flags, and how many bytes it has.
pub(super) fn longest(text: &[u8]) -> Option<(UserAgentFlags, usize)> {
    let mut bytes = text.iter();
    let mut node = bytes.next().and_then(|first| ROOT.get(usize::from(*first))).copied().map(usize::from).filter(|node| *node != 0);
    let (mut read, mut found) = (0, None);
    while let Some(reached) = node {
        read += 1;
        let flags = FLAGS.get(reached).copied().unwrap_or_default();
        if flags != 0 {
            found = Some((UserAgentFlags(flags), read));
        }
        node = bytes.next().and_then(|byte| child(reached, *byte));
    }
    found
}

/// The flags of the phrases in `text`, from the left; of those that begin at one byte the longest, and none that overlaps the one before.
fn find(text: &[u8]) -> UserAgentFlags {
    let (mut rest, mut all) = (text, UserAgentFlags::default());
    while !rest.is_empty() {
        let read = match longest(rest) {
            Some((flags, bytes)) => {
                all = all.and(flags);
                bytes
            }
            None => 1,
        };
        rest = rest.get(read..).unwrap_or_default();
    }
    all
}

/// The flags of every phrase in `user_agent`, in any letter case.
pub(super) fn flags(user_agent: &str) -> UserAgentFlags {
    let mut framed = framed(user_agent);
    let flags = find(&framed);
    if !flags.any_of(UserAgentFlags::BOT) {
        return flags;
    }
    // A phone may be named like a robot. Its name is no evidence of one, but still of a phone.
    for name in device_names(&framed).into_iter().flatten() {
        if let Some(name) = framed.get_mut(name) {
            name.fill(b'_');
        }
    }
    UserAgentFlags(flags.0 & !UserAgentFlags::BOT.0).and(find(&framed))
}

/// Where an Android agent names its device: `Android 14; <model> Build/`, `<model>; wv)` or `<model>) AppleWebKit/`; and what
/// Instagram's apps add, `Android (34/14; <display and device>)`.
///
/// Programs that pretend to be a phone put their name elsewhere: after the browser's part, or after a semicolon of its own.
fn device_names(agent: &[u8]) -> [Option<Range<usize>>; 2] {
    let Ok(text) = str::from_utf8(agent) else { return [None, None] };
    let model = between(text, "android ", "; ", &[" build/", "; wv)", ") applewebkit/"]);
    let model = model.filter(|model| text.get(model.clone()).is_some_and(|model| !model.contains([';', ':', '@', '(', '/'])));
    [model, between(text, " android (", "; ", &[")"])]
}

/// What is after `opening` and the first `separator` behind it, up to the first of `ends`.
fn between(text: &str, opening: &str, separator: &str, ends: &[&str]) -> Option<Range<usize>> {
    let opened = text.find(opening)?;
    let start = opened + text.get(opened..)?.find(separator)? + separator.len();
    let rest = text.get(start..)?;
    let end = ends.iter().filter_map(|end| rest.find(end)).min()?;
    Some(start..start + end)
}

/// The agent in lower case between `^` and `$`, which the list uses for its start and end.
fn framed(user_agent: &str) -> Vec<u8> {
    let agent = user_agent.as_bytes();
    let read = agent.get(..MAX_KEPT_BYTES).unwrap_or(agent);
    let mut framed = Vec::with_capacity(read.len() + 2);
    framed.push(b'^');
    framed.extend_from_slice(read);
    framed.push(b'$');
    framed.make_ascii_lowercase();
    framed
}
