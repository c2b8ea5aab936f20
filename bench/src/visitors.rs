//! Visitors: many addresses, some countries, browsers and referrers, the same in every run.

use std::net::Ipv4Addr;

/// A visitor.
pub(crate) struct Visitor {
    /// The source address.
    pub(crate) address: Ipv4Addr,
    /// The country.
    pub(crate) country: &'static str,
    /// The user agent.
    pub(crate) agent: &'static str,
    /// The referring page.
    pub(crate) referrer: &'static str,
    /// The accepted languages.
    pub(crate) language: &'static str,
}

/// A desktop browser.
pub(crate) const DESKTOP: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36";
/// A phone's browser.
pub(crate) const MOBILE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
/// A crawler.
pub(crate) const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

const COUNTRIES: [&str; 7] = ["DE", "US", "GB", "FR", "IN", "BR", "AT"];
const REFERRERS: [&str; 5] = [
    "https://www.instagram.com/",
    "https://t.co/abc",
    "https://www.google.com/",
    "https://blog.example/post",
    "https://mail.google.com/mail/u/0",
];
const LANGUAGES: [&str; 3] = ["de-DE,de;q=0.9,en;q=0.8", "en-US,en;q=0.9", "fr-FR,fr;q=0.9,en;q=0.5"];
/// Addresses reserved for benchmarks (RFC 2544).
const FIRST_ADDRESS: u32 = 0xC612_0000;
const ADDRESSES: usize = 1 << 17;

/// The visitor with this number.
pub(crate) fn visitor(number: usize) -> Visitor {
    let offset = u32::try_from(number % ADDRESSES).unwrap_or_default();
    Visitor {
        address: Ipv4Addr::from(FIRST_ADDRESS + offset),
        country: pick(&COUNTRIES, number),
        agent: pick(&[DESKTOP, MOBILE], number / 2),
        referrer: pick(&REFERRERS, number / 3),
        language: pick(&LANGUAGES, number / 5),
    }
}

fn pick(from: &[&'static str], number: usize) -> &'static str {
    from.iter().copied().cycle().nth(number % from.len()).unwrap_or_default()
}
