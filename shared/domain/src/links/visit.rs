//! What is known about a visitor who follows a link (specification §4, "Visit context").

use serde::Serialize;
use url::Url;

use crate::values::device::Device;
use crate::values::form::{self, Field};
use crate::values::moment::Moment;
use crate::values::name::SessionId;
use crate::values::schema::{Schema, any_case_word};

/// A visit as the routing rules see it; the redirect reads it from the visitor's request, the preview from its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// ISO 3166 code in capitals, or `UNKNOWN`.
    pub country: String,
    /// The kind of device.
    pub device: Device,
    /// Traffic source: a word from the query, a known referrer's name, `direct` or `referral`.
    pub source: String,
    /// The campaign named by the query, else the link's.
    pub campaign: Option<String>,
    /// The referring host, or `direct`.
    pub referrer: String,
    /// The language the visitor prefers, such as `de-AT`.
    pub language: Option<String>,
    /// The session named by `?sid=`.
    pub session_id: Option<SessionId>,
    /// Segments of that session.
    pub segments: Vec<String>,
    /// The moment of the visit.
    pub at: Moment,
    /// The visitor, for stable percentages: the session, else what distinguishes visitors without being stored.
    pub subject: String,
}

/// The number of buckets that visitors are divided into: a percentage with two decimals.
pub const BUCKETS: u64 = 10_000;

/// The country of a visitor whose country is unknown.
pub const UNKNOWN_COUNTRY: &str = "UNKNOWN";

/// Reads a country header or field: two letters, otherwise unknown.
pub fn country(text: Option<&str>) -> String {
    match text {
        Some(code) if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) => code.to_ascii_uppercase(),
        _ => UNKNOWN_COUNTRY.to_owned(),
    }
}

/// A country in a request: two letters or `UNKNOWN`, in any case.
pub(crate) fn country_code() -> impl Field<Output = String> {
    let schema = || Schema::text().pattern(format!("^(?:[A-Za-z]{{2}}|{})$", any_case_word(UNKNOWN_COUNTRY)));
    form::leaf(schema, |value| match form::any_text().read(value)?.to_ascii_uppercase() {
        code if code == UNKNOWN_COUNTRY || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())) => Ok(code),
        _ => Err("must be a two-letter country code or UNKNOWN".to_owned()),
    })
}

/// A word from the visitor, made safe for a table key, a message and a report: lower case, printable, at most 64 characters.
pub fn word(text: &str) -> Option<String> {
    // SQS refuses messages with the last two.
    let is_kept = |c: &char| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}');
    let word: String = text.trim().chars().filter(is_kept).take(64).collect::<String>().to_lowercase();
    (!word.is_empty()).then_some(word)
}

/// The visitor's preferred language: the first of the highest weight in `Accept-Language` (RFC 9110 §12.5.4).
pub fn preferred_language(accept: &str) -> Option<String> {
    let mut best: Option<(&str, u16)> = None;
    for entry in accept.split(',').take(20) {
        let mut parts = entry.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1000, thousandths);
        let usable = is_language_tag(tag) && weight > 0;
        if usable && best.is_none_or(|(_, highest)| weight > highest) {
            best = Some((tag, weight));
        }
    }
    best.map(|(tag, _)| tag.to_owned())
}

fn thousandths(text: &str) -> u16 {
    let digits: String = text.trim().chars().filter(char::is_ascii_digit).chain("000".chars()).take(4).collect();
    digits.parse().unwrap_or(0)
}

fn is_language_tag(tag: &str) -> bool {
    (1..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The site a visitor came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Referral {
    /// The referring host, or `direct`.
    pub host: String,
    /// Its known name, else `referral`, or `direct`.
    pub source: String,
}

/// The referrer and the source of a visitor who came from no page.
pub const DIRECT: &str = "direct";

/// Bytes of the longest host name (RFC 1035 §2.3.4).
const MAX_HOST_BYTES: usize = 253;

/// Reads a `Referer` header; anything that is not a URL of a possible host counts as direct.
pub fn referral(header: Option<&str>) -> Referral {
    let host = header
        .filter(|text| text.len() <= 2048)
        .and_then(|text| Url::parse(text.trim()).ok())
        .and_then(|url| url.host_str().map(str::to_ascii_lowercase))
        .filter(|host| host.len() <= MAX_HOST_BYTES);
    match host {
        Some(host) if !host.is_empty() => Referral { source: known_name(&host).unwrap_or("referral").to_owned(), host },
        _ => Referral { host: DIRECT.to_owned(), source: DIRECT.to_owned() },
    }
}

/// Hosts whose visitors are reported under one name; each includes its subdomains.
const KNOWN: &[(&str, &str)] = &[
    ("t.co", "twitter"),
    ("twitter.com", "twitter"),
    ("x.com", "twitter"),
    ("instagram.com", "instagram"),
    ("facebook.com", "facebook"),
    ("fb.com", "facebook"),
    ("fb.me", "facebook"),
    ("messenger.com", "facebook"),
    ("mail.google.com", "email"),
    ("com.google.android.gm", "email"),
    ("outlook.live.com", "email"),
    ("outlook.office.com", "email"),
    ("outlook.office365.com", "email"),
    ("mail.yahoo.com", "email"),
    ("mail.proton.me", "email"),
    ("mail.aol.com", "email"),
    ("webmail", "email"),
    ("youtube.com", "youtube"),
    ("youtu.be", "youtube"),
    ("com.google.android.youtube", "youtube"),
    ("com.google.android.googlequicksearchbox", "google"),
    ("bing.com", "bing"),
    ("duckduckgo.com", "duckduckgo"),
    ("search.yahoo.com", "yahoo"),
    ("baidu.com", "baidu"),
    ("yandex.ru", "yandex"),
    ("yandex.com", "yandex"),
    ("ecosia.org", "ecosia"),
    ("linkedin.com", "linkedin"),
    ("lnkd.in", "linkedin"),
    ("tiktok.com", "tiktok"),
    ("pinterest.com", "pinterest"),
    ("pin.it", "pinterest"),
    ("reddit.com", "reddit"),
    ("com.reddit.frontpage", "reddit"),
    ("threads.net", "threads"),
    ("threads.com", "threads"),
    ("bsky.app", "bluesky"),
    ("whatsapp.com", "whatsapp"),
    ("wa.me", "whatsapp"),
    ("t.me", "telegram"),
    ("telegram.org", "telegram"),
    ("org.telegram.messenger", "telegram"),
    ("discord.com", "discord"),
    ("slack.com", "slack"),
    ("com.slack", "slack"),
    ("snapchat.com", "snapchat"),
    ("vk.com", "vk"),
    ("quora.com", "quora"),
    ("medium.com", "medium"),
    ("substack.com", "substack"),
    ("github.com", "github"),
    ("news.ycombinator.com", "hackernews"),
    ("chatgpt.com", "chatgpt"),
    ("chat.openai.com", "chatgpt"),
    ("perplexity.ai", "perplexity"),
];

fn known_name(host: &str) -> Option<&'static str> {
    let under = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    if let Some((_, name)) = KNOWN.iter().find(|(known, _)| under(known)) {
        return Some(name);
    }
    // google.de, www.google.co.uk: the only name with a domain per country.
    let google = host.strip_prefix("www.").unwrap_or(host).strip_prefix("google.");
    google.filter(|rest| rest.len() <= 6).map(|_| "google")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referrers_are_named_where_they_are_known() {
        for (header, host, source) in [
            ("https://www.instagram.com/p/1", "www.instagram.com", "instagram"),
            ("https://l.facebook.com/", "l.facebook.com", "facebook"),
            ("https://t.co/abc", "t.co", "twitter"),
            ("https://www.google.co.uk/", "www.google.co.uk", "google"),
            ("android-app://com.google.android.gm/", "com.google.android.gm", "email"),
            ("https://blog.example/post", "blog.example", "referral"),
            ("https://notx.com/", "notx.com", "referral"),
            ("not an address", "direct", "direct"),
            ("", "direct", "direct"),
        ] {
            assert_eq!(referral(Some(header)), Referral { host: host.to_owned(), source: source.to_owned() }, "{header}");
        }
        assert_eq!(referral(None).source, "direct");
    }

    #[test]
    fn the_preferred_language_is_the_first_of_the_highest_weight() {
        for (accept, expected) in [
            ("de-AT,de;q=0.9,en;q=0.5", Some("de-AT")),
            ("en;q=0.5, fr", Some("fr")),
            ("*", None),
            ("", None),
            ("en;q=0", None),
            ("de;q=0.8,en;q=0.8", Some("de")),
        ] {
            assert_eq!(preferred_language(accept).as_deref(), expected, "{accept}");
        }
    }

    #[test]
    fn words_and_countries_are_made_safe_to_store() {
        assert_eq!(word(" News\u{7}Letter ").as_deref(), Some("newsletter"));
        assert_eq!(word("a\u{FFFE}b\u{FFFF}").as_deref(), Some("ab"));
        assert_eq!(word(&"x".repeat(500)).map(|word| word.len()), Some(64));
        assert_eq!(word("  "), None);
        assert_eq!((country(Some("de")).as_str(), country(Some("D1")).as_str(), country(None).as_str()), ("DE", "UNKNOWN", "UNKNOWN"));
    }
}
