//! Segments: what kind of visitor a session's signals make.

use super::{Confidence, Session};

/// Signals that make a visitor engaged.
const ENGAGED_SIGNALS: usize = 5;
/// Confidence of an intent that does so at once.
const ENGAGED_CONFIDENCE: Confidence = Confidence::of_millionths(700_000);

/// Assigned segments a session may have: every click of it carries them all, and every decision returns them.
const MAX_ASSIGNED: usize = 20;

/// The segments of a session in order of precedence: what was assigned, the first twenty by name, then `converted`,
/// `engaged_prospect`, `returning`, `new`. A click or conversion is reported under the first of them.
pub fn segments(session: &Session) -> Vec<String> {
    let signals = session.signals();
    let assigned = signals.iter().filter(|signal| signal.key.as_str() == "segment").filter_map(|signal| signal.value.clone());
    let mut segments: Vec<String> = assigned.filter(|name| is_fit(name)).map(|name| name.to_lowercase()).collect();
    segments.sort();
    segments.dedup();
    segments.truncate(MAX_ASSIGNED);
    let days = {
        let mut days: Vec<_> = signals.iter().map(|signal| signal.at.day()).collect();
        days.dedup();
        days.len()
    };
    let is_intent = signals.iter().any(|signal| signal.key.as_str() == "intent" && signal.confidence >= ENGAGED_CONFIDENCE);
    let known = [
        ("converted", session.is_converted),
        ("engaged_prospect", signals.len() >= ENGAGED_SIGNALS || is_intent),
        ("returning", days >= 2),
        ("new", days < 2),
    ];
    for (name, applies) in known {
        if applies && !segments.iter().any(|segment| segment == name) {
            segments.push(name.to_owned());
        }
    }
    segments
}

/// Whether a name can be a key of a report.
fn is_fit(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}
