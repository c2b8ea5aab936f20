//! How rows are limited, how many bytes and records they claim, and how they are read.

use proptest::prelude::*;

use super::*;

/// Rows of these counters.
fn rows<N: AsRef<str>>(counters: impl IntoIterator<Item = (N, i64)>) -> Rows {
    let mut rows = Rows::default();
    for (name, value) in counters {
        rows.count(&Tally::of_counter(name.as_ref(), value));
    }
    rows
}

/// The value of a counter.
fn value(rows: &Rows, name: &str) -> Option<i128> {
    let mut counts = Counts::default();
    rows.add_to(&mut counts);
    counts.counters().find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// The keys of a dimension, without the one for all others.
fn keys<'r>(rows: &'r Rows, dimension: &str) -> Vec<&'r str> {
    rows.0.get(dimension).into_iter().flat_map(BTreeMap::keys).map(String::as_str).filter(|key| *key != OTHER).collect()
}

#[test]
fn rows_are_empty_without_a_counter_and_not_with_one_of_zero() {
    assert!(Rows::default().is_empty());
    assert!(rows([("c", 1)]).part(CellPart::Of(Dimension::Country)).is_empty());
    assert!(!rows([("c", 0)]).is_empty());
    assert!(!rows([("country|DE|c", 1)]).part(CellPart::Of(Dimension::Country)).is_empty());
}

#[test]
fn records_are_the_clicks_conversions_and_impressions_of_the_totals_also_those_taken_back_and_at_least_one() {
    for (counters, records) in [
        (&[][..], 1),
        (&[("m|USD", 900)], 1),
        (&[("country|DE|c", 5)], 1),
        (&[("c", 0), ("v", 0)], 1),
        (&[("c", 5), ("b", 4), ("m|USD", 900), ("country|DE|c", 5)], 5),
        (&[("v", -3)], 3),
        (&[("i", 7)], 7),
        (&[("c", 5), ("v", 3), ("i", 2)], 10),
        (&[("c", -5), ("v", 3), ("i", -2)], 10),
    ] {
        assert_eq!(rows(counters.iter().copied()).records(), records, "{counters:?}");
    }
}

#[test]
fn a_dimension_keeps_its_500_most_used_keys_besides_other() {
    for (of_other, keys_before, merged) in [(0, 499, 0), (0, 500, 0), (1, 500, 0), (0, 501, 1), (1, 501, 1), (1, 503, 3)] {
        // Those with a higher number are used more; all more than `other`.
        let counters = (0..keys_before).map(|number| (format!("source|{number:03}|c"), 10 + number));
        let mut limited = rows(counters.chain([("c".to_owned(), 7)]));
        if of_other > 0 {
            limited.add(&rows([("source|other|c", of_other)]));
        }
        limited.limit();
        let kept = keys(&limited, "source");
        let expected: Vec<String> = (merged..keys_before).map(|number| format!("{number:03}")).collect();
        assert!(kept == expected, "{keys_before} keys: {} to {}", kept[0], kept[kept.len() - 1]);
        let of_other = i128::from(of_other + (0..merged).map(|number| 10 + number).sum::<i64>());
        assert_eq!(value(&limited, "source|other|c"), (of_other > 0).then_some(of_other), "{keys_before} keys");
        assert_eq!(value(&limited, "c"), Some(7));
    }
}

#[test]
fn a_key_of_which_everything_was_taken_back_is_left_out_and_totals_of_zero_stay() {
    let mut limited =
        rows([("c", 0), ("v", 0), ("country|DE|v", 0), ("country|DE|m|USD", 0), ("country|FR|v", 0), ("country|FR|m|USD", -1)]);
    limited.limit();
    assert_eq!((keys(&limited, "country"), value(&limited, "c"), value(&limited, "v")), (vec!["FR"], Some(0), Some(0)));
    assert_eq!((value(&limited, "country|FR|v"), value(&limited, "country|FR|m|USD")), (Some(0), Some(-1)));
}

#[test]
fn beyond_48_kib_the_least_used_keys_of_the_largest_dimension_become_other_and_no_more_than_needed() {
    const LIMIT: usize = 49_152;
    // Of each source a row of 215 bytes; the length of a country's name makes up the rest.
    let of_bytes = |bytes: usize| {
        let sources = (0..220).map(|number| (format!("source|{number:03}{}|c", "x".repeat(197)), 1000 + number));
        let of_length = |length| rows(sources.clone().chain([(format!("country|{}|c", "x".repeat(length)), 1), ("c".to_owned(), 1)]));
        of_length(bytes - of_length(0).bytes())
    };
    // The row of `other` takes 20 bytes.
    for (excess, merged) in [(0, 0), (1, 1), (195, 1), (196, 2), (410, 2), (411, 3)] {
        let before = of_bytes(LIMIT + excess);
        assert_eq!(before.bytes(), LIMIT + excess);
        let mut limited = before.clone();
        limited.limit();
        assert!(keys(&limited, "source") == keys(&before, "source")[merged..], "{excess} bytes too many");
        let of_other = (0..merged as i128).map(|number| 1000 + number).sum::<i128>();
        assert_eq!(value(&limited, "source|other|c"), (merged > 0).then_some(of_other), "{excess} bytes too many");
        assert!(limited.0.get("country") == before.0.get("country") && limited.totals() == before.totals());
    }
}

#[test]
fn rows_that_can_be_reduced_no_further_are_left_although_they_are_too_large() {
    let totals: Vec<(String, i64)> = (0..50).map(|number| (format!("{number:02}{}", "x".repeat(1000)), 1)).collect();
    let mut limited = rows(totals.iter().cloned().chain([("country|DE|c".to_owned(), 2), ("source|other|c".to_owned(), 2)]));
    limited.limit();
    assert_eq!(limited, rows(totals.into_iter().chain([("country|other|c".to_owned(), 2), ("source|other|c".to_owned(), 2)])));
}

#[test]
fn a_dimension_is_a_key_or_an_object_of_keys_and_the_error_says_so() {
    let error = |json: &str| serde_json::from_str::<Rows>(json).unwrap_err().to_string();
    assert!(error(r#"{"country":1}"#).starts_with("invalid type: integer `1`, expected a key or an object of keys"));
    assert!(error(r#"{"country":"DE"}"#).starts_with("a dimension refers to totals that are missing"));
}

/// What was counted of one key.
type Counted = (i128, i128, i128, i128, i128);

fn metrics(&(clicks, conversions, impressions, revenue, confirmed): &Counted) -> Metrics {
    let named = [("c", clicks), ("v", conversions), ("i", impressions), ("m|USD", revenue), ("mc|EUR", confirmed)];
    named.into_iter().map(|(metric, value)| (metric.to_owned(), value)).collect()
}

fn counted() -> impl Strategy<Value = Counted> {
    let money = || prop_oneof![2 => Just(0), 1 => Just(900), 1 => Just(-900)];
    (0..5_i128, prop_oneof![Just(0), 0..5_i128], 0..5_i128, money(), money())
}

proptest! {
    #[test]
    fn keys_are_merged_by_their_use_those_with_conversions_or_revenue_last(
        of_keys in prop::collection::btree_map("[a-h]", counted(), 0..8),
        of_other in prop::option::of(counted()),
        of_totals in prop::option::of(counted()),
        count in 0..9_usize,
    ) {
        let named = |name: &str, of: &Option<Counted>| of.as_ref().map(|counted| (name.to_owned(), metrics(counted)));
        let mut rows: BTreeMap<String, Metrics> = of_keys.iter().map(|(key, counted)| (key.clone(), metrics(counted))).collect();
        rows.extend(named(OTHER, &of_other).into_iter().chain(named("", &of_totals)));
        merge_least_used(&mut rows, count, 0);

        let mut in_order: Vec<(&String, &Counted)> = of_keys.iter().collect();
        in_order.sort_by_key(|(key, (clicks, conversions, impressions, revenue, confirmed))| {
            let has_more = [conversions, revenue, confirmed].into_iter().any(|value| *value != 0);
            (has_more, clicks + conversions + impressions, (*key).clone())
        });
        let (merged, kept) = in_order.split_at(count.min(in_order.len()));
        let mut expected: BTreeMap<String, Metrics> = kept.iter().map(|(key, counted)| ((*key).clone(), metrics(counted))).collect();
        expected.extend(named("", &of_totals));
        let into_other: Vec<&Counted> = merged.iter().map(|(_, counted)| *counted).chain(&of_other).collect();
        if !into_other.is_empty() {
            let sum = |of: fn(&Counted) -> i128| into_other.iter().map(|counted| of(counted)).sum();
            let sums = (sum(|of| of.0), sum(|of| of.1), sum(|of| of.2), sum(|of| of.3), sum(|of| of.4));
            expected.insert(OTHER.to_owned(), metrics(&sums));
        }
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn the_bytes_are_those_of_the_json_in_full_with_a_comma_after_every_entry(
        stored in prop::collection::btree_map(
            "[a-c]{0,3}",
            prop::collection::btree_map(
                "[a-b\"\\\\\u{1}\u{1f}\u{20}\u{e9}]{0,4}",
                prop::collection::btree_map("[a-c\"]{0,2}", prop_oneof![-11..11_i128, any::<i128>()], 0..3),
                0..3,
            ),
            0..3,
        ),
    ) {
        let json = serde_json::to_string(&stored).unwrap();
        let dimensions = || std::iter::once(stored.len()).chain(stored.values().map(BTreeMap::len));
        let objects = dimensions().chain(stored.values().flat_map(BTreeMap::values).map(BTreeMap::len)).filter(|entries| *entries > 0);
        prop_assert_eq!(Rows(stored.clone()).bytes(), json.len() + objects.count(), "{}", json);
    }
}
