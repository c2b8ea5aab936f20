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
    assert_eq!(first().open(&token, Moment::from_millis(NOW - MAX_CLOCK_SKEW_MS - 1)), Err(CtxRejected::Malformed));
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
    for bad in [
        "",
        "{}",
        r#"{"current":"k1"}"#,
        r#"{"current":"k1","k1":"short"}"#,
        r#"{"current":"k1","k1":"0123456789abcdef0123456789abcdef","K2":"0123456789abcdef0123456789abcdef"}"#,
    ] {
        assert!(Keyring::from_json(bad).is_err(), "{bad}");
    }
    assert!(!format!("{:?}", first()).contains("0123456789"));
}

proptest! {
    #[test]
    fn arbitrary_text_never_verifies(text in ".{0,300}") {
        prop_assert!(first().open(&text, Moment::from_millis(NOW)).is_err());
    }
}
