//! What each record adds, counter by counter, and how counters are named and added up.

use proptest::prelude::*;

use super::*;
use crate::accounts::audit::{Actor, ActorKind};
use crate::conversions::ledger::Cause;
use crate::testing;
use crate::values::id::{AdjustmentId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::{Currency, Money};

/// At one o'clock in the afternoon.
const AT: Moment = Moment::from_millis(1_772_370_000_000);

/// Where a click of the tests comes from, as the keys of its counters.
const KEYS: [&str; 9] = [
    "hour|13",
    "slug|launch",
    "country|DE",
    "device|TABLET",
    "referrer|t.co",
    "source|email",
    "campaign|spring",
    "segment|vip",
    "reason|known_bot",
];

fn click(bot: bool) -> Click {
    Click {
        bot,
        campaign_id: Some("spring".parse().unwrap()),
        country: "DE".to_owned(),
        device: "TABLET".to_owned(),
        referrer: "t.co".to_owned(),
        source: "email".to_owned(),
        segments: vec!["vip".to_owned(), "new".to_owned()],
        reasons: vec!["known_bot".to_owned()],
        ..testing::click(AT, 1)
    }
}

fn conversion(money: Option<Money>, trust: Trust) -> Conversion {
    Conversion { campaign_id: Some("spring".parse().unwrap()), money, trust, ..testing::conversion(AT, 1) }
}

fn adjustment(cause: Cause, minor: Option<i64>, trust: Trust) -> Adjustment {
    let conversion = conversion(None, trust);
    Adjustment {
        id: AdjustmentId::new(AT, 1),
        handle: conversion.handle,
        conversion_id: conversion.id,
        cause,
        elsewhere: false,
        amount: minor.map(|minor| MoneyChange { minor, currency: "EUR".parse().unwrap() }),
        reason: "refund".to_owned(),
        actor: Actor { kind: ActorKind::Pat, id: "token".to_owned() },
        created_at: AT,
        request_id: RequestId::new(AT, 1),
        slug: conversion.slug,
        campaign_id: conversion.campaign_id,
        click_id: conversion.click_id,
        event_type: conversion.event_type,
        trust,
        bot: false,
    }
}

/// A tally of these metrics in total and under each of the keys.
fn under<'a>(keys: impl IntoIterator<Item = &'a str>, metrics: &[(&str, i64)]) -> Tally {
    let prefixes = [String::new()].into_iter().chain(keys.into_iter().map(|key| format!("{key}|")));
    let named = prefixes.flat_map(|prefix| metrics.iter().map(move |(metric, value)| (format!("{prefix}{metric}"), *value)));
    Tally(named.collect())
}

#[test]
fn a_record_adds_its_metrics_in_total_and_under_each_of_its_keys() {
    let (money, origin) = (|minor| Some(Money { minor, currency: Currency::USD }), Origin::of(&click(true)));
    let of_conversion = |money, trust| Tally::of_conversion(&conversion(money, trust), &origin);
    let of_adjustment = |cause, minor, trust| Tally::of_adjustment(&adjustment(cause, minor, trust), &origin);
    for (tally, metrics) in [
        (Tally::of_click(&click(false)), &[("c", 1)][..]),
        (Tally::of_click(&click(true)), &[("c", 1), ("b", 1)]),
        (of_conversion(None, Trust::Confirmed), &[("v", 1)]),
        (of_conversion(money(2499), Trust::Claimed), &[("v", 1), ("m|USD", 2499)]),
        (of_conversion(money(2499), Trust::Confirmed), &[("v", 1), ("m|USD", 2499), ("mc|USD", 2499)]),
        (of_adjustment(Cause::Requested, Some(-500), Trust::Claimed), &[("m|EUR", -500)]),
        (of_adjustment(Cause::Requested, Some(7), Trust::Confirmed), &[("m|EUR", 7), ("mc|EUR", 7)]),
        (of_adjustment(Cause::Reversal, Some(-900), Trust::Claimed), &[("v", -1), ("m|EUR", -900)]),
        (of_adjustment(Cause::Confirmation, Some(900), Trust::Confirmed), &[("v", 1), ("m|EUR", 900), ("mc|EUR", 900)]),
        (of_adjustment(Cause::Reversal, None, Trust::Claimed), &[("v", -1)]),
        (of_adjustment(Cause::Requested, None, Trust::Claimed), &[]),
    ] {
        assert_eq!(tally, under(KEYS, metrics), "{metrics:?}");
        assert_eq!((tally.len(), tally.is_empty()), (10 * metrics.len(), metrics.is_empty()));
        assert_eq!(tally.counters().count(), tally.len());
    }
    assert_eq!(Tally::of_impressions("vip", 3), under(["segment|vip"], &[("i", 3)]));
}

#[test]
fn a_key_beyond_64_bytes_is_its_beginning_and_a_digest_of_the_whole() {
    let (fits, long) = ("x".repeat(64), "x".repeat(65));
    assert_eq!(bounded(""), "");
    assert_eq!(bounded(&fits), fits);
    assert_eq!(bounded(&long), format!("{}~{}", "x".repeat(53), &sha256_hex(long.as_bytes())[..10]));
    assert_eq!(bounded(&long).len(), 64);
    // A character is never cut.
    let accents = "\u{e9}".repeat(33);
    assert_eq!(bounded(&accents), format!("{}~{}", "\u{e9}".repeat(26), &sha256_hex(accents.as_bytes())[..10]));
}

#[test]
fn a_counter_is_split_into_dimension_key_and_metric_also_when_the_key_looks_like_a_metric() {
    for (name, parts) in [
        ("c", None),
        ("m|USD", None),
        ("mc|USD", None),
        ("source|x", None),
        ("source|x|c", Some(("source", "x", "c"))),
        ("source||c", Some(("source", "", "c"))),
        ("source|x|m|USD", Some(("source", "x", "m|USD"))),
        ("source|x|mc|USD", Some(("source", "x", "mc|USD"))),
        ("source|m|c", Some(("source", "m", "c"))),
        ("source|x|m|c", Some(("source", "x|m", "c"))),
        ("source|x|mc|v", Some(("source", "x|mc", "v"))),
        ("source|x|m|m|USD", Some(("source", "x|m", "m|USD"))),
        ("source|x|y|USD", Some(("source", "x|y", "USD"))),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn counters_know_their_keys() {
    let mut counts = Counts::default();
    for name in ["c", "m|USD", "country|DE|c", "country|DE|m|USD", "country|FR|v", "source|a|b|c", "source|other|c"] {
        counts.add(name, 1);
    }
    let keys = |dimension| counts.keys_of(dimension).collect::<Vec<_>>();
    assert_eq!((keys(Dimension::Country), keys(Dimension::Source)), (vec!["DE", "DE", "FR"], vec!["a|b", "other"]));
    assert_eq!(keys(Dimension::Device), Vec::<&str>::new());
    for (dimension, key, is_known) in [
        ("country", "DE", true),
        ("country", "FR", true),
        ("source", "other", true),
        ("source", "a|b", true),
        ("country", "D", false),
        ("country", "EE", false),
        ("country", "ZZ", false),
        ("country", "other", false),
        ("countr", "y", false),
        ("source", "zz", false),
    ] {
        assert_eq!(counts.knows(dimension, key), is_known, "{dimension}|{key}");
    }
}

#[test]
fn totals_are_the_counters_of_no_key_also_when_a_key_is_named_like_them() {
    let mut counts = Counts::default();
    for (name, value) in [("c", 3), ("m|USD", -5), ("mc|EUR", 0), ("country|DE|c", 3), ("source|m|USD", 1), ("source|c|m|USD", -5)] {
        counts.add(name, value);
    }
    assert_eq!(counts.totals().collect::<Vec<_>>(), [("c", 3), ("mc|EUR", 0), ("m|USD", -5)]);
    assert_eq!(Counts::default().totals().count(), 0);
}

fn tallies() -> impl Strategy<Value = Tally> {
    prop::collection::btree_map("[a-d]", -3_i64..4, 0..4).prop_map(Tally)
}

proptest! {
    #[test]
    fn tallies_add_up_and_a_difference_leads_back(a in tallies(), b in tallies()) {
        let value = |tally: &Tally, name: &str| tally.0.get(name).copied().unwrap_or_default();
        let (mut sum, difference) = (a.clone(), a.minus(&b));
        sum.merge(&b);
        let (mut counts, mut one_by_one) = (Counts::default(), Counts::default());
        for tally in [&a, &b, &a] {
            counts.add_all(tally);
            tally.counters().for_each(|(name, increment)| one_by_one.add(name, increment.into()));
        }
        prop_assert_eq!(&counts, &one_by_one);
        prop_assert_eq!(counts.counters().collect::<BTreeMap<_, _>>().len(), counts.0.len());
        for name in ["a", "b", "c", "d", "e"] {
            prop_assert_eq!(value(&sum, name), value(&a, name) + value(&b, name));
            prop_assert_eq!(value(&difference, name), value(&a, name) - value(&b, name));
            let counted = counts.counters().find(|(found, _)| *found == name).map_or(0, |(_, value)| value);
            prop_assert_eq!(counted, i128::from(2 * value(&a, name) + value(&b, name)));
        }
        prop_assert!(difference.counters().all(|(_, increment)| increment != 0));
    }
}
