//! Tokens: what reads back, what is refused, and how keys rotate.

use super::*;
use proptest::prelude::*;

fn ring(document: &str) -> Keyring {
    Keyring::from_json(document).unwrap()
}

fn first() -> Keyring {
    ring(r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef"}"#)
}

fn claims(at: i64, random: u128) -> CtxClaims {
    let at = Moment::from_millis(at);
    CtxClaims {
        click_id: ClickId::new(at, random),
        handle: "demo".parse().unwrap(),
        slug: "launch".parse().unwrap(),
        campaign_id: Some("partner-alpha".parse().unwrap()),
        rule: Some("r3".to_owned()),
        session_id: Some("sess-1".parse().unwrap()),
        chain_position: 2,
        consent: Consent::Basic,
        bot: true,
        expires_at: Moment::from_millis((at.seconds() + 3600) * 1000),
    }
}

const NOW: i64 = 1_772_366_400_000;

/// A ring with these keys besides `current`, all of them valid.
fn ring_of(current: &str, keys: &[(&str, &str)]) -> Result<Keyring, InvalidKeyring> {
    let mut document: BTreeMap<&str, &str> = keys.iter().copied().collect();
    document.insert("current", current);
    Keyring::from_json(&serde_json::to_string(&document).unwrap())
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Any claims, with and without what is optional.
fn any_claims() -> impl Strategy<Value = CtxClaims> {
    let names = ("[a-z][a-z0-9]{2,31}", "[A-Za-z0-9_-]{4,24}", prop::option::of("[a-z][a-z0-9_-]{2,63}"));
    let visit = (prop::option::of("[pr]:?[a-z0-9]{0,64}"), prop::option::of("s[A-Za-z0-9_.:-]{0,100}"), any::<u8>());
    let flags = (prop::sample::select(vec![Consent::Full, Consent::Basic, Consent::Denied]), any::<bool>());
    (names, visit, flags, any::<u128>(), 1..u32::MAX).prop_map(|(names, visit, (consent, bot), random, expiry)| {
        let ((handle, slug, campaign), (rule, session, chain_position)) = (names, visit);
        CtxClaims {
            click_id: ClickId::new(Moment::from_millis(0), random),
            // The names that are reserved.
            handle: handle.parse().unwrap_or_else(|_| "demo".parse().unwrap()),
            slug: slug.parse().unwrap(),
            campaign_id: campaign.map(|id| id.parse().unwrap()),
            rule,
            session_id: session.map(|id| id.parse().unwrap()),
            chain_position,
            consent,
            bot,
            expires_at: Moment::from_millis(i64::from(expiry) * 1000),
        }
    })
}

#[test]
fn a_token_reads_back_whole_and_is_short() {
    let token = first().seal(&claims(NOW, 9));
    assert_eq!(first().open(&token, Moment::from_millis(NOW)), Ok(claims(NOW, 9)));
    assert!(token.len() <= 200, "{} characters", token.len());
}

#[test]
fn every_single_bit_change_of_a_thousand_tokens_is_refused() {
    let (ring, now) = (first(), Moment::from_millis(NOW));
    for number in 0..1000_u128 {
        let token = ring.seal(&claims(NOW, number * 0x9E37_79B9_7F4A_7C15));
        for (place, byte) in token.bytes().enumerate() {
            for bit in 0..8 {
                let mut changed = token.clone().into_bytes();
                changed[place] = byte ^ (1 << bit);
                let Ok(changed) = String::from_utf8(changed) else { continue };
                assert!(ring.open(&changed, now).is_err(), "{changed} verifies beside {token}");
            }
        }
    }
}

#[test]
fn a_token_lives_up_to_its_expiry_and_not_a_millisecond_longer() {
    let token = first().seal(&claims(NOW, 1));
    let expires = claims(NOW, 1).expires_at;
    assert!(first().open(&token, expires.plus_millis(-1)).is_ok());
    assert_eq!(first().open(&token, expires), Err(CtxRejected::Expired));
}

#[test]
fn a_click_may_be_ahead_of_the_clock_by_the_allowed_skew_and_not_a_millisecond_more() {
    let token = first().seal(&claims(NOW, 1));
    for (ahead_ms, is_open) in [(-1, true), (0, true), (MAX_CLOCK_SKEW_MS - 1, true), (MAX_CLOCK_SKEW_MS, true)] {
        assert_eq!(first().open(&token, Moment::from_millis(NOW - ahead_ms)).is_ok(), is_open, "{ahead_ms} ms");
    }
    for ahead_ms in [MAX_CLOCK_SKEW_MS + 1, MAX_CLOCK_SKEW_MS + 2] {
        assert_eq!(first().open(&token, Moment::from_millis(NOW - ahead_ms)), Err(CtxRejected::Malformed), "{ahead_ms} ms");
    }
}

#[test]
fn a_token_has_at_most_640_characters() {
    for (kid, rule_bytes, expected) in [("k2", 0, 640), ("k10", 0, 641), ("key4", 0, 642), ("k2", -1, 639)] {
        let ring = ring_of(kid, &[(kid, SECRET)]).unwrap();
        // The rest of the payload is what its longest text leaves of 458 bytes.
        let others = encode(&CtxClaims { rule: None, session_id: None, ..claims(NOW, 1) }).len();
        let session = "s".repeat(128);
        let campaign_id = Some("c".repeat(64).parse().unwrap());
        let rule = 458 - others - session.len() - (64 - "partner-alpha".len());
        let rule = Some("r".repeat(rule.checked_add_signed(rule_bytes).unwrap()));
        let long = CtxClaims { rule, campaign_id, session_id: Some(session.parse().unwrap()), ..claims(NOW, 1) };
        let token = ring.seal(&long);
        assert_eq!(token.len(), expected);
        let opened = ring.open(&token, Moment::from_millis(NOW));
        assert_eq!(opened, if expected <= 640 { Ok(long) } else { Err(CtxRejected::Malformed) }, "{expected} characters");
    }
}

#[test]
fn a_tag_or_key_id_of_another_length_is_malformed_and_an_unknown_key_is_unknown() {
    let token = first().seal(&claims(NOW, 1));
    let [_, _, payload, tag] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(tag).unwrap();
    let with = |kid: &str, tag: &[u8]| format!("c1.{kid}.{payload}.{}", URL_SAFE_NO_PAD.encode(tag));
    let (longer, other) = ([&bytes[..], &[0]].concat(), [&[bytes[0] ^ 1], &bytes[1..]].concat());
    for (kid, tag, expected) in [
        ("k1", &bytes[..15], CtxRejected::Malformed),
        ("k1", &[], CtxRejected::Malformed),
        ("k1", &longer[..], CtxRejected::Malformed),
        ("k1", &other[..], CtxRejected::BadSignature),
        ("", &bytes[..], CtxRejected::Malformed),
        ("k9", &bytes[..], CtxRejected::UnknownKey),
        ("k", &bytes[..], CtxRejected::UnknownKey),
        ("12345678", &bytes[..], CtxRejected::UnknownKey),
        ("123456789", &bytes[..], CtxRejected::Malformed),
        ("1234567890", &bytes[..], CtxRejected::Malformed),
    ] {
        assert_eq!(first().open(&with(kid, tag), Moment::from_millis(NOW)), Err(expected), "{kid}, {} bytes", tag.len());
    }
}

#[test]
fn a_refusal_has_one_code_everywhere() {
    for (rejected, code) in [
        (CtxRejected::Malformed, "malformed"),
        (CtxRejected::BadSignature, "bad_signature"),
        (CtxRejected::Expired, "expired"),
        (CtxRejected::UnknownKey, "unknown_key"),
    ] {
        assert_eq!((rejected.as_str(), serde_json::to_value(rejected).unwrap()), (code, code.into()));
    }
}

#[test]
fn consent_is_the_strictest_the_visitor_says_unless_the_browser_opts_out_and_any_other_word_denies() {
    for (asked, expected) in [
        (&[][..], Consent::Full),
        (&[""], Consent::Denied),
        (&["  "], Consent::Denied),
        (&["full"], Consent::Full),
        (&[" FULL "], Consent::Full),
        (&["basic"], Consent::Basic),
        (&["Basic "], Consent::Basic),
        (&["denied"], Consent::Denied),
        (&["fullbasic"], Consent::Denied),
        (&["yes"], Consent::Denied),
        (&["full", "full"], Consent::Full),
        (&["full", "basic"], Consent::Basic),
        (&["basic", "full"], Consent::Basic),
        (&["full", "denied"], Consent::Denied),
        (&["denied", "basic", "full"], Consent::Denied),
    ] {
        assert_eq!(consent(asked.iter().copied(), false), expected, "{asked:?}");
        assert_eq!(consent(asked.iter().copied(), true), Consent::Denied, "{asked:?}");
    }
}

#[test]
fn keys_rotate_without_refusing_a_live_token() {
    let before = first().seal(&claims(NOW, 1));
    let published = ring(r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef","k2":"fedcba9876543210fedcba9876543210"}"#);
    let switched = ring(r#"{"current":"k2","k1":"0123456789abcdef0123456789abcdef","k2":"fedcba9876543210fedcba9876543210"}"#);
    let retired = ring(r#"{"current":"k2","k2":"fedcba9876543210fedcba9876543210"}"#);
    let after = switched.seal(&claims(NOW, 2));
    let now = Moment::from_millis(NOW);
    for (ring, token) in [(&published, &before), (&switched, &before), (&published, &after), (&switched, &after), (&retired, &after)] {
        assert!(ring.open(token, now).is_ok());
    }
    assert_eq!(retired.open(&before, now), Err(CtxRejected::UnknownKey));
    let impostor = ring(r#"{"current":"k1","k1":"another-secret-another-secret-another"}"#);
    assert_eq!(impostor.open(&before, now), Err(CtxRejected::BadSignature));
}

#[test]
fn other_text_is_malformed() {
    let token = first().seal(&claims(NOW, 1));
    let parts: Vec<&str> = token.split('.').collect();
    let twisted = [
        String::new(),
        "x".to_owned(),
        "c1.k1.".to_owned(),
        format!("{token}."),
        format!("{token} "),
        format!("{token}="),
        format!("{token}\n"),
        token.replacen("c1", "c2", 1),
        format!("c1.k1.{}.{}", parts[3], parts[2]),
        format!("c1.k1.{}.{}A", parts[2], parts[3]),
        format!("c1.k1.{}.AAAA", parts[2]),
        "a".repeat(10_000),
        token.replace('.', "%2E"),
    ];
    for text in twisted {
        assert_eq!(first().open(&text, Moment::from_millis(NOW)), Err(CtxRejected::Malformed), "{text}");
    }
    assert_eq!(first().open(&token.replacen("k1", "k9", 1), Moment::from_millis(NOW)), Err(CtxRejected::UnknownKey));
    assert_eq!(first().open(&token.replacen("k1", "../x", 1), Moment::from_millis(NOW)), Err(CtxRejected::Malformed));
}

#[test]
fn a_secret_document_is_checked_before_it_is_used() {
    for bad in ["", "{}", "[]", r#"{"current":"k1"}"#, r#"{"k1":"0123456789abcdef0123456789abcdef"}"#, r#"{"current":"k1","k1":7}"#] {
        assert!(Keyring::from_json(bad).is_err(), "{bad}");
    }
    let (short, longer) = (&SECRET[1..], [SECRET, "0"].concat());
    for (current, keys, is_valid) in [
        ("k1", vec![("k1", SECRET)], true),
        ("k1", vec![("k1", longer.as_str())], true),
        ("k1", vec![("k1", short)], false),
        ("k1", vec![("k1", SECRET), ("k2", short)], false),
        ("k2", vec![("k1", SECRET)], false),
        ("current", vec![("k1", SECRET)], false),
        ("0", vec![("0", SECRET)], true),
        ("12345678", vec![("12345678", SECRET)], true),
        ("123456789", vec![("123456789", SECRET)], false),
        ("", vec![("", SECRET)], false),
        ("k1", vec![("k1", SECRET), ("K2", SECRET)], false),
        ("k1", vec![("k1", SECRET), ("k-2", SECRET)], false),
        ("k1", vec![("k1", SECRET), ("\u{e9}", SECRET)], false),
        ("k1", vec![("k1", SECRET), ("k2", SECRET), ("k3", SECRET), ("k4", SECRET)], true),
        ("k1", vec![("k1", SECRET), ("k2", SECRET), ("k3", SECRET), ("k4", SECRET), ("k5", SECRET)], false),
        ("k1", vec![("k1", SECRET), ("k2", SECRET), ("k3", SECRET), ("k4", SECRET), (ORIGIN_VERIFY, "short")], true),
        (ORIGIN_VERIFY, vec![("k1", SECRET), (ORIGIN_VERIFY, SECRET)], false),
    ] {
        assert_eq!(ring_of(current, &keys).is_ok(), is_valid, "{current}: {keys:?}");
    }
}

#[test]
fn a_ring_is_shown_without_its_secrets() {
    let shown = format!("{:?}", first());
    assert!(shown.contains("Keyring") && shown.contains("k1"), "{shown}");
    assert!(!shown.contains("0123456789"), "{shown}");
}

#[test]
fn a_payload_that_names_no_consent_is_refused() {
    let mut payload = encode(&claims(NOW, 1));
    for (flags, consent, bot) in [
        (0, Some(Consent::Full), false),
        (1, Some(Consent::Basic), false),
        (2, Some(Consent::Denied), false),
        (3, None, false),
        (4, Some(Consent::Full), true),
        (5, Some(Consent::Basic), true),
        (6, Some(Consent::Denied), true),
        (7, None, true),
    ] {
        payload[0] = flags;
        let expected = consent.map(|consent| CtxClaims { consent, bot, ..claims(NOW, 1) });
        assert_eq!(decode(&payload), expected, "{flags:#05b}");
    }
    assert_eq!(payload.len(), 22 + [4, 6, 13, 2, 6].map(|text| 1 + text).iter().sum::<usize>());
    for length in 0..payload.len() {
        assert_eq!(decode(&payload[..length]), None, "{length} bytes");
    }
}

proptest! {
    #[test]
    fn whatever_a_click_is_it_reads_back_whole(claims in any_claims()) {
        let token = first().seal(&claims);
        prop_assert_eq!(first().open(&token, claims.expires_at.plus_millis(-1)), Ok(claims.clone()));
        prop_assert_eq!(first().open(&token, claims.expires_at), Err(CtxRejected::Expired));
    }

    #[test]
    fn arbitrary_text_never_verifies(text in ".{0,300}") {
        prop_assert!(first().open(&text, Moment::from_millis(NOW)).is_err());
    }
}
