//! Web addresses as callers write them: what every kind of URL must be before its own rules are checked.
//!
//! A limit counts the form that is stored, because parsing changes the length: `é` becomes `%C3%A9`, an IDN host its punycode. What
//! was stored is read back with [`restore`], which knows no limit and no rule: they may become stricter, stored values do not.

use url::Url;

/// Bytes of the longest URL in the form that is stored. A request may spell it with as many characters.
pub(crate) const MAX_URL_BYTES: usize = 2048;
/// Absolute http(s) addresses without spaces, backslashes and control characters, as a pattern.
pub(crate) const WEB_ADDRESS: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s\\\x00-\x1F\x7F-\x9F]+$";
/// The message of a URL that is too long; it contains "bytes", since a schema counts characters.
pub(crate) const TOO_LONG: &str = "must be at most 2048 bytes in its normalised form, in which other characters are percent-encoded";
/// The path under which links are followed on hosts without wildcard DNS.
const FOLLOWED_AT: [&str; 2] = ["_edge", "redirect"];

/// Parses an absolute http(s) address from a request; the text of the result reads back as the same address.
///
/// # Errors
/// The reason, as a message for the caller.
pub(crate) fn admit(text: &str) -> Result<Url, &'static str> {
    // Parsing only removes characters that mean nothing, such as `/./`; a text that is so much longer is not worth the work.
    if text.chars().nth(MAX_URL_BYTES).is_some() {
        return Err(TOO_LONG);
    }
    // The parser would replace or drop these: its result would not be what the owner wrote.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err("must not contain spaces, backslashes or control characters");
    }
    // The parser would complete `https:evil` and `//evil`; an owner who means a host writes `https://`.
    let scheme_and_slashes = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if !scheme_and_slashes.starts_with("http://") && !scheme_and_slashes.starts_with("https://") {
        return Err("must be an absolute http:// or https:// address");
    }
    let url = Url::parse(text).map_err(|_| "is not a valid address")?;
    if url.as_str().len() > MAX_URL_BYTES {
        return Err(TOO_LONG);
    }
    // Not every host survives its own punycode.
    if restore(url.as_str()).as_ref() != Ok(&url) {
        return Err("is not a valid address");
    }
    Ok(url)
}

/// Reads an address back from where it is stored.
///
/// # Errors
/// When it is no URL at all, or one without a host.
pub(crate) fn restore(text: &str) -> Result<Url, &'static str> {
    Url::parse(text).ok().filter(Url::has_host).ok_or("is not a valid address")
}

/// Whether the path is one under which this service follows links, on whatever host: a deployment may be reached by hosts that it
/// does not know, such as that of its API Gateway.
pub(crate) fn follows_a_link(url: &Url) -> bool {
    let segments: Vec<String> = url.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
    segments.windows(FOLLOWED_AT.len()).any(|pair| pair == FOLLOWED_AT)
}

/// A path segment without percent-encoding.
fn decoded(segment: &str) -> String {
    // The reader of queries is the one decoder of `url`; these two characters mean something to it alone.
    let segment = segment.replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(segment.as_bytes()).next().map(|(text, _)| text.into_owned()).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limit_counts_the_form_that_is_stored() {
        let start = "https://example.com/?x=";
        for (text, is_admitted) in [
            (format!("{start}{}", "a".repeat(MAX_URL_BYTES - start.len())), true),
            (format!("{start}{}", "a".repeat(MAX_URL_BYTES - start.len() + 1)), false),
            (format!("{start}{}", "é".repeat(337)), true),
            (format!("{start}{}", "é".repeat(338)), false),
            // The path `/` is added.
            (format!("https://example.com?{}", "a".repeat(2027)), true),
            (format!("https://example.com?{}", "a".repeat(2028)), false),
            (format!("https://{}.example/", "ü".repeat(2030)), false),
            ("é".repeat(1_000_000), false),
        ] {
            assert_eq!(admit(&text).is_ok(), is_admitted, "{} bytes", text.len());
        }
    }

    #[test]
    fn what_was_stored_under_other_limits_is_read() {
        let long = format!("https://example.com/{}", "a".repeat(10_000));
        assert_eq!(restore(&long).map(String::from), Ok(long));
        assert!(restore("not an address").is_err());
    }

    #[test]
    fn the_paths_that_follow_links_are_recognised_on_every_host() {
        for own in [
            "https://abc.execute-api.eu-central-1.amazonaws.com/_edge/redirect/demo/launch",
            "http://192.0.2.1:9000/_edge/redirect/demo/launch?a=b",
            "https://a.example/prod/_edge/redirect/demo/launch",
            "https://a.example//_edge//redirect/demo/launch",
            "https://a.example/%5Fedge/redirec%74/demo/launch",
        ] {
            assert!(follows_a_link(&Url::parse(own).unwrap()), "{own}");
        }
        for other in ["https://a.example/redirect/_edge", "https://a.example/_edge", "https://a.example/?p=/_edge/redirect/a/b"] {
            assert!(!follows_a_link(&Url::parse(other).unwrap()), "{other}");
        }
    }

    #[test]
    fn every_kind_of_generated_address_is_admitted_at_times() {
        use proptest::strategy::ValueTree;
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let admitted = (0..500).filter(|_| addresses().new_tree(&mut runner).is_ok_and(|tree| admit(&tree.current()).is_ok())).count();
        assert!((50..450).contains(&admitted), "{admitted} of 500");
    }

    /// Addresses of every kind: Unicode, escapes, IDN hosts, lengths around the bound.
    pub(crate) fn addresses() -> impl Strategy<Value = String> {
        let host = prop_oneof![
            "[a-zA-Z0-9-]{1,20}\\.example",
            "\\PC{1,12}\\.example",
            "xn--[a-z0-9-]{1,20}\\.example",
            Just("[2001:db8::1]".to_owned()),
            Just("192.0.2.1:8080".to_owned())
        ];
        let rest =
            prop_oneof!["[/?#]\\PC{0,40}", "(/|%[0-9a-fA-F]{2}|\\.\\.|é|🦀|[?#&=+;]){0,60}", "[?/](é|a|🦀){280,2040}", "[?/]a{2000,2040}"];
        (prop_oneof![Just("https"), Just("http"), Just("HTTPS")], host, rest)
            .prop_map(|(scheme, host, rest)| format!("{scheme}://{host}{rest}"))
    }

    proptest! {
        #[test]
        fn what_is_admitted_reads_back_from_where_it_is_stored(text in addresses()) {
            if let Ok(url) = admit(&text) {
                prop_assert!(url.as_str().len() <= MAX_URL_BYTES);
                prop_assert_eq!(restore(url.as_str()), Ok(url.clone()));
                prop_assert_eq!(admit(url.as_str()), Ok(url));
            }
        }
    }
}
