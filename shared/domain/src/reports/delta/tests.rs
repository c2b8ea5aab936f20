//! What deltas add to which scopes, when they are large, and what a fold writes of them.

use proptest::prelude::*;

use super::super::counters::OTHER;
use super::super::dimension::{Dimension, Origin};
use super::super::recount::Recount;
use super::*;
use crate::clicks::Click;
use crate::testing;
use crate::values::moment::Moment;

const AT: Moment = Moment::from_millis(1_772_366_400_000);

fn scope(name: &str) -> CellScope {
    name.parse().unwrap()
}

/// A delta of one link of no campaign, or of the handle alone.
fn delta(slug: Option<&str>, tally: Tally) -> Delta {
    let mut delta = Delta::default();
    delta.add(&match slug {
        Some(slug) => Addition::of_record(AT.day(), &slug.parse().unwrap(), None, tally),
        None => Addition::of_handle(AT.day(), tally),
    });
    delta
}

/// A delta of one record whose only key is so long that the delta has this many bytes.
fn delta_of_bytes(bytes: usize) -> Delta {
    let of_key = |length: usize| delta(None, Tally::of_counter(&format!("source|{}|c", "x".repeat(length)), 1));
    of_key(bytes - of_key(0).bytes())
}

#[test]
fn a_delta_is_large_beyond_32_kib_and_then_scopes_with_few_records_are_folded_too() {
    for (bytes, is_large) in [(200, false), (32_767, false), (32_768, false), (32_769, true), (65_536, true)] {
        let delta = delta_of_bytes(bytes);
        assert_eq!((delta.bytes(), delta.is_large()), (bytes, is_large));
        assert_eq!(delta.foldable(false).len(), usize::from(is_large), "{bytes} bytes");
        assert_eq!(delta.foldable(true), [CellScope::Handle]);
    }
}

#[test]
fn a_delta_has_no_more_bytes_than_it_claims_whether_names_are_short_or_as_long_as_they_may_be() {
    let (slug, campaign) = ("s".repeat(24).parse::<Slug>().unwrap(), "c".repeat(64).parse::<CampaignId>().unwrap());
    let click = Click { slug: slug.clone(), campaign_id: Some(campaign.clone()), ..testing::click(AT, 1) };
    let conversion = Tally::of_conversion(&testing::conversion(AT, 1), &Origin::unknown());
    let mut of_both = Delta::default();
    for tally in [Tally::of_click(&click), conversion] {
        of_both.add(&Addition::of_record(AT.day(), &slug, Some(&campaign), tally));
    }
    // The rows of its scopes differ, so that they are not stored once.
    of_both.add(&Addition::of_record(AT.day(), &"launch".parse().unwrap(), Some(&campaign), Tally::of_click(&click)));
    of_both.add(&Addition::of_record(AT.day(), &"other".parse().unwrap(), None, Tally::of_click(&click)));
    for delta in [Delta::default(), delta(None, Tally::of_impressions("v", 1)), of_both] {
        let json = serde_json::to_string(&delta).unwrap();
        assert!(json.len() <= delta.bytes().max("[]".len()), "{} > {}: {json}", json.len(), delta.bytes());
    }
}

#[test]
fn a_fold_writes_60_cells_at_most_those_with_the_most_records_per_cell_first() {
    let mut gathered = Delta::default();
    for number in 1..=70 {
        gathered.merge(&delta(Some(&format!("link-{number:02}")), Tally::of_counter("c", number)));
    }
    // The handle has ten cells, for 248 records each.
    let of_links = |numbers: std::ops::RangeInclusive<i64>| numbers.rev().map(|number| scope(&format!("L#link-{number:02}#")));
    let of_all: Vec<CellScope> = [CellScope::Handle].into_iter().chain(of_links(21..=70)).collect();
    assert_eq!((gathered.foldable(false), gathered.foldable(true)), (of_all.clone(), of_all));
    gathered.remove(&CellScope::Handle);
    assert_eq!(gathered.foldable(true), of_links(11..=70).collect::<Vec<_>>());
    // Of few records per cell, four are enough.
    for number in 8..=70 {
        gathered.remove(&scope(&format!("L#link-{number:02}#")));
    }
    assert_eq!(gathered.foldable(false), of_links(4..=7).collect::<Vec<_>>());
}

#[test]
fn a_cell_is_worth_writing_for_six_records_per_begun_kib() {
    for (bytes, records) in [
        (&[][..], 0),
        (&[0], 6),
        (&[1], 6),
        (&[1024], 6),
        (&[1025], 12),
        (&[10_240], 60),
        (&[10_241], 66),
        (&[1, 1], 12),
        (&[2048, 5000, 1], 48),
    ] {
        assert!(is_worth_writing(records, bytes), "{bytes:?}");
        assert!(records == 0 || !is_worth_writing(records - 1, bytes), "{bytes:?}");
    }
}

#[test]
fn each_scope_is_brought_within_the_limits_of_its_cells() {
    let mut gathered = Delta::default();
    for number in 0..600 {
        gathered.merge(&delta(Some("launch"), Tally::of_counter(&format!("source|{number}|c"), 1)));
    }
    gathered.limit();
    for name in ["H", "L#launch#"] {
        let mut counts = Counts::default();
        gathered.rows(&scope(name)).unwrap().add_to(&mut counts);
        assert_eq!(counts.keys_of(Dimension::Source).count(), 501, "{name}");
        let other = counts.counters().find(|(counter, _)| *counter == format!("source|{OTHER}|c"));
        assert_eq!(other.map(|(_, value)| value), Some(100), "{name}");
    }
}

proptest! {
    #[test]
    fn a_delta_adds_to_each_selection_what_its_records_do_and_nothing_of_a_scope_that_was_removed(
        records in prop::collection::vec((0..3_usize, 0..3_usize, any::<bool>()), 0..12),
        impressions in prop::option::of(1..9_u32),
    ) {
        let slugs: [Slug; 3] = ["slug-a", "slug-b", "slug-c"].map(|slug| slug.parse().unwrap());
        let campaigns = [None, Some("spring"), Some("autumn")].map(|id| id.map(|id| id.parse::<CampaignId>().unwrap()));
        let (mut delta, mut recount) = (Delta::default(), Recount::default());
        for (number, (slug, campaign, is_something)) in records.iter().enumerate() {
            let (slug, campaign) = (&slugs[*slug], campaigns[*campaign].as_ref());
            let click = Click { slug: slug.clone(), campaign_id: campaign.cloned(), ..testing::click(AT, number as u128) };
            let tally = if *is_something { Tally::of_click(&click) } else { Tally::default() };
            let addition = Addition::of_record(AT.day(), slug, campaign, tally.clone());
            prop_assert_eq!(addition.is_empty(), !is_something);
            delta.add(&addition);
            recount.count(slug, campaign, &tally);
        }
        let observed = impressions.map(|observed| Tally::of_impressions("vip", observed)).unwrap_or_default();
        delta.add(&Addition::of_handle(AT.day(), observed.clone()));
        let mut of_handle = recount.counts(&Selection::Handle);
        of_handle.add_all(&observed);
        prop_assert_eq!(delta.is_empty(), of_handle == Counts::default());

        let selections = campaigns.iter().flat_map(|campaign| {
            [None, Some(&slugs[0]), Some(&slugs[1]), Some(&slugs[2])].map(|slug| Selection::of(campaign.clone(), slug.cloned()))
        });
        for selection in selections {
            let expected = if selection == Selection::Handle { of_handle.clone() } else { recount.counts(&selection) };
            let mut counts = Counts::default();
            delta.add_to(&selection, &mut counts);
            prop_assert_eq!(delta.covers(&selection), expected != Counts::default(), "{:?}", selection);
            prop_assert_eq!(counts, expected, "{:?}", selection);
        }

        let scopes: Vec<CellScope> = delta.0.keys().cloned().collect();
        for (number, removed) in scopes.iter().enumerate() {
            prop_assert!(delta.rows(removed).is_some_and(|rows| !rows.is_empty()));
            delta.remove(removed);
            prop_assert!(delta.rows(removed).is_none());
            prop_assert!(delta.0.keys().eq(&scopes[number + 1..]));
        }
        prop_assert!(delta.is_empty());
    }
}
