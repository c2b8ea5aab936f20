//! Tokens: their one spelling, their scopes, their ends.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const GOOD: &str = "patv1_0aZ9bcdefghijklm.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn now() -> Moment {
    Moment::from_millis(1_772_366_400_000)
}

fn text(minted: &Minted) -> String {
    serde_json::to_value(minted.reveal()).unwrap().as_str().unwrap().to_owned()
}

fn faults(body: serde_json::Value) -> Vec<String> {
    NewToken::read(body, now()).unwrap_err().0.into_iter().map(|fault| fault.field).collect()
}

#[test]
fn only_the_one_spelling_of_a_token_is_read() {
    assert!(GOOD.parse::<Presented>().is_ok());
    let long = format!("{GOOD}{}", "A".repeat(10_000));
    for bad in [
        "",
        "patv1_",
        "patv1_x",
        "patv1_x.",
        "patv1_.y",
        "patv1_0aZ9bcdefghijklm.",
        &GOOD[..GOOD.len() - 1],
        &GOOD.replace("patv1_", "patv2_"),
        &GOOD.replace("patv1_", "PATV1_"),
        &GOOD.replace("0aZ9", "0a#9"),
        &GOOD.replace('.', ":"),
        &GOOD.replace(".A", ".."),
        // The last character carries two bits too many: another spelling of the same bytes.
        &format!("{}B", &GOOD[..GOOD.len() - 1]),
        &format!("{}+", &GOOD[..GOOD.len() - 1]),
        &format!("{}=", &GOOD[..GOOD.len() - 1]),
        &format!("{GOOD}\n"),
        &format!(" {GOOD}"),
        &format!("{GOOD}="),
        &long,
    ] {
        assert!(bad.parse::<Presented>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_token_never_prints_itself() {
    let minted = Minted::of(7, [u128::MAX, 1]).unwrap();
    let whole = text(&minted);
    let secret = whole.split_once('.').unwrap().1;
    let presented: Presented = whole.parse().unwrap();
    let printed = format!("{minted:?} {:?} {presented:?} {:?}", minted.reveal(), minted.digest());
    assert!(!printed.contains(secret) && !printed.contains(minted.digest().hex()), "{printed}");
}

#[test]
fn a_family_covers_its_scopes_and_no_other() {
    for (grant, scope, covers) in [
        ("links.*", Scope::LinksRead, true),
        ("links.*", Scope::LinksWrite, true),
        ("links.*", Scope::CampaignsRead, false),
        ("links.read", Scope::LinksRead, true),
        ("links.read", Scope::LinksWrite, false),
        ("links.write", Scope::LinksRead, false),
        ("chain.*", Scope::ChainSignalWrite, true),
        ("analytics.*", Scope::WebhooksWrite, false),
    ] {
        assert_eq!(grant.parse::<Grant>().unwrap().covers(scope), covers, "{grant} {scope:?}");
    }
    for scope in Scope::ALL {
        assert_eq!(Grant::all().filter(|grant| grant.covers(*scope)).count(), 2, "{scope:?}: itself and its family");
    }
    for bad in ["*", "links", "links.", "links.delete", "Links.read", "links.read ", "personalization.write", "chain.signal.*"] {
        assert!(bad.parse::<Grant>().is_err(), "{bad:?}");
    }
}

#[test]
fn every_bad_field_of_a_draft_is_named_at_once() {
    let good = json!({"name": "ci", "scopes": ["links.read", "links.read", "webhooks.*"], "expiresAt": "2026-03-02T00:00:00Z"});
    assert_eq!(NewToken::read(good, now()).unwrap().scopes.len(), 2);
    assert!(NewToken::read(json!({"scopes": ["links.read"]}), now()).is_ok());
    assert_eq!(faults(json!({})), ["scopes"]);
    assert_eq!(faults(json!({"scopes": []})), ["scopes"]);
    assert_eq!(faults(json!({"scopes": "links.read"})), ["scopes"]);
    assert_eq!(faults(json!({"scopes": ["links.read", "all", 7]})), ["scopes[1]", "scopes[2]"]);
    let bad = json!({"name": "x".repeat(101), "scopes": null, "expiresAt": "2026-03-01T12:00:00Z", "handle": "other"});
    assert_eq!(faults(bad), ["name", "scopes", "expiresAt", "handle"]);
}

#[test]
fn a_token_ends_at_its_last_millisecond_or_when_somebody_ends_it() {
    let token = |expires_at, revoked_at| Token {
        token_id: "0aZ9bcdefghijklm".parse().unwrap(),
        handle: "demo".parse().unwrap(),
        name: None,
        scopes: BTreeSet::new(),
        created_at: now(),
        created_by: "owner".parse().unwrap(),
        expires_at,
        revoked_at,
        last_used_at: None,
    };
    assert_eq!(token(None, None).check(now()), Ok(()));
    assert_eq!(token(Some(now().plus_millis(1)), None).check(now()), Ok(()));
    assert_eq!(token(Some(now()), None).check(now()), Err(Ended::Expired));
    assert_eq!(token(Some(now()), Some(now())).check(now()), Err(Ended::Revoked));
}

proptest! {
    #[test]
    fn a_minted_token_reads_back_and_proves_itself_alone(id in any::<u128>(), secret in any::<[u128; 2]>(), other in any::<[u128; 2]>()) {
        let minted = Minted::of(id, secret).unwrap();
        let whole = text(&minted);
        prop_assert_eq!(whole.len(), 66);
        let presented: Presented = whole.parse().unwrap();
        prop_assert_eq!(&presented.token_id, minted.token_id());
        prop_assert!(Digest::stored(minted.digest().hex()).proves(&presented));
        prop_assert!(!Digest::of_no_secret().proves(&presented));
        let stranger = Minted::of(id, other).unwrap();
        prop_assert_eq!(stranger.digest().proves(&presented), secret == other);
    }
}
