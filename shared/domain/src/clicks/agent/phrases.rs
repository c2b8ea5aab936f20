//! Finds the listed phrases in a user agent, in one pass over at most [`MAX_KEPT_BYTES`].

use std::ops::Range;
use std::sync::LazyLock;

use daachorse::DoubleArrayAhoCorasick;

use super::flags::UserAgentFlags;

/// Bytes of a user agent or a purpose header that are read and stored. Only what is stored is classified, so classifying
/// the stored click again gives the same result; anything a client sends beyond it must not cost more time.
pub const MAX_KEPT_BYTES: usize = 512;

/// `data/user-agent-phrases.txt`, compiled by the build script. Loading checks every state once and takes some tens of
/// microseconds; building the automaton here would take milliseconds of every cold start.
static PHRASES: LazyLock<Option<DoubleArrayAhoCorasick<u32>>> = LazyLock::new(|| {
    let compiled = include_bytes!(concat!(env!("OUT_DIR"), "/user-agent-phrases.bin"));
    let (phrases, _) = DoubleArrayAhoCorasick::deserialize(compiled).ok()?;
    Some(phrases)
});

/// Loads the list; false if it cannot be read, which the build script has checked.
pub(super) fn load() -> bool {
    PHRASES.is_some()
}

/// The flags of every phrase in `user_agent`, in any letter case.
pub(super) fn flags(user_agent: &str) -> UserAgentFlags {
    let Some(phrases) = PHRASES.as_ref() else {
        // Without the list every agent counts as a browser: losing a person's click costs more than counting a bot's.
        return UserAgentFlags::BROWSER.and(UserAgentFlags::OTHER_SYSTEM);
    };
    let find = |text: &[u8]| {
        phrases.leftmost_find_iter(text).fold(UserAgentFlags::default(), |flags, phrase| flags.and(UserAgentFlags(phrase.value())))
    };
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
