//! Finds the listed phrases in a user agent, in one pass over at most [`MAX_KEPT`] bytes.

use std::sync::LazyLock;

use daachorse::DoubleArrayAhoCorasick;

use super::flags::Marks;

/// Bytes of a user agent or a purpose that are read and kept. What is judged is what is kept, so that judging the stored
/// click again sees the same; what a client sends beyond is its own affair and must not cost more time.
pub const MAX_KEPT: usize = 512;

/// `data/agent-marks.txt`, compiled by the build script: loading checks every state once, some
/// tens of microseconds, where building it here would cost milliseconds of every cold start.
static PHRASES: LazyLock<Option<DoubleArrayAhoCorasick<u32>>> = LazyLock::new(|| {
    let compiled = include_bytes!(concat!(env!("OUT_DIR"), "/agent-marks.bin"));
    let (phrases, _) = DoubleArrayAhoCorasick::deserialize(compiled).ok()?;
    Some(phrases)
});

/// Loads the list. Says whether it could be read, which the build script has seen to.
pub(super) fn load() -> bool {
    PHRASES.is_some()
}

/// The marks of every phrase in `user_agent`, in any letter case.
pub(super) fn marks(user_agent: &str) -> Marks {
    let Some(phrases) = PHRASES.as_ref() else {
        // Without a list nobody is accused: a person's click is worth more than a bot's.
        return Marks::BROWSER.and(Marks::OTHER_SYSTEM);
    };
    let found = phrases.leftmost_find_iter(framed(user_agent));
    found.fold(Marks::default(), |sum, phrase| sum.and(Marks(phrase.value())))
}

/// The agent in lower case between `^` and `$`, which the list writes for its start and end.
fn framed(user_agent: &str) -> Vec<u8> {
    let agent = user_agent.as_bytes();
    let read = agent.get(..MAX_KEPT).unwrap_or(agent);
    let mut framed = Vec::with_capacity(read.len() + 2);
    framed.push(b'^');
    framed.extend_from_slice(read);
    framed.push(b'$');
    framed.make_ascii_lowercase();
    framed
}
