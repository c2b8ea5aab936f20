//! Reports of known counters, figure by figure, and their rows in order and within limits.

use proptest::prelude::*;

use super::*;

fn counts(counters: &[(&str, i128)]) -> Counts {
    let mut counts = Counts::default();
    for (name, value) in counters {
        counts.add(name, *value);
    }
    counts
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn money(amounts: &[(&str, i128)]) -> BTreeMap<Currency, i128> {
    amounts.iter().map(|(code, minor)| (code.parse().unwrap(), *minor)).collect()
}

/// Figures that all differ.
fn figures(by: i128) -> Figures {
    Figures {
        clicks: 10 * by,
        bot_clicks: 4 * by,
        conversions: 3 * by,
        impressions: 7 * by,
        revenue: money(&[("EUR", 250 * by), ("USD", 999 * by)]),
        revenue_confirmed: money(&[("EUR", 110 * by), ("USD", 120 * by)]),
    }
}

/// The counters of these figures, in total or under a key.
fn counters(prefix: &str, by: i128) -> Vec<(String, i128)> {
    let metrics = [
        ("c", 10),
        ("b", 4),
        ("v", 3),
        ("i", 7),
        ("m|EUR", 250),
        ("m|USD", 999),
        ("mc|EUR", 110),
        ("mc|USD", 120),
        ("unknown", 1),
        ("m|usd", 1),
    ];
    metrics.into_iter().map(|(metric, value)| (format!("{prefix}{metric}"), value * by)).collect()
}

fn cell(parts: &[(&str, i128)]) -> Counts {
    let mut counts = Counts::default();
    for (name, value) in parts.iter().flat_map(|(prefix, by)| counters(prefix, *by)) {
        counts.add(&name, value);
    }
    counts
}

#[test]
fn every_counter_is_a_figure_of_its_row_and_of_the_totals_in_every_order_of_the_days() {
    let first = cell(&[("", 3), ("country|DE|", 2), ("country|FR|", 1), ("hour|09|", 1), ("hour|13|", 1), ("hour|other|", 1)]);
    let second = cell(&[("", 5), ("country|FR|", 5), ("hour|09|", 5)]);
    let row = |key: &str, by| (key.to_owned(), figures(by));
    for cells in [[("2026-03-01", &first), ("2026-03-02", &second)], [("2026-03-02", &second), ("2026-03-01", &first)]] {
        let report = |by| Report::of(cells.map(|(on, counts)| (day(on), counts)), by);
        assert_eq!(report(Dimension::Country), Report { rows: vec![row("FR", 6), row("DE", 2)], totals: figures(8) });
        assert_eq!(report(Dimension::Day), Report { rows: vec![row("2026-03-01", 3), row("2026-03-02", 5)], totals: figures(8) });
        let hours = vec![row("2026-03-01T09", 1), row("2026-03-01T13", 1), row("2026-03-02T09", 5), row("other", 1)];
        assert_eq!(report(Dimension::Hour), Report { rows: hours, totals: figures(8) });
        assert_eq!(report(Dimension::Device), Report { rows: Vec::new(), totals: figures(8) });
    }
}

#[test]
fn amounts_are_shown_in_the_currency_that_is_asked_for() {
    let (eur, jpy) = ("EUR".parse().unwrap(), "JPY".parse().unwrap());
    let shown = |currency| (figures(1).revenue_in(currency).to_string(), figures(1).revenue_confirmed_in(currency).to_string());
    assert_eq!(shown(eur), ("2.5".to_owned(), "1.1".to_owned()));
    assert_eq!(shown(Currency::USD), ("9.99".to_owned(), "1.2".to_owned()));
    assert_eq!(shown(jpy), ("0".to_owned(), "0".to_owned()));
    assert_eq!(figures(2).qualified_clicks(), 12);
}

#[test]
fn a_row_is_left_out_if_and_only_if_all_its_figures_are_zero() {
    for metric in ["c", "b", "v", "i", "m|USD", "mc|USD"] {
        for (value, rows) in [(0, 0), (1, 1), (-1, 1)] {
            let counter = format!("country|DE|{metric}");
            let report = Report::of([(day("2026-03-01"), &counts(&[(&counter, value)]))], Dimension::Country);
            assert_eq!(report.rows.len(), rows, "{metric} {value}");
        }
    }
    let both = counts(&[("country|DE|m|USD", 0), ("country|DE|m|EUR", 2), ("country|FR|m|USD", 0), ("country|FR|mc|USD", 0)]);
    let report = Report::of([(day("2026-03-01"), &both)], Dimension::Country);
    assert_eq!(report.rows.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["DE"]);
}

#[test]
fn rows_are_in_the_order_of_clicks_then_conversions_then_keys_and_other_is_the_last() {
    let one = counts(&[
        ("source|b|c", 5),
        ("source|a|c", 5),
        ("source|z|c", 5),
        ("source|z|v", 2),
        ("source|y|c", 5),
        ("source|y|v", 3),
        ("source|first|c", 6),
        ("source|last|v", -1),
        ("source|only|v", 9),
        ("source|other|c", 100),
        ("source|other|v", 100),
        ("hour|13|c", 1),
        ("hour|09|c", 1),
        ("hour|10|c", 9),
    ]);
    let keys = |by| {
        let report = Report::of([(day("2026-03-01"), &one)], by);
        report.rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(keys(Dimension::Source), "first y z a b only last other");
    assert_eq!(keys(Dimension::Hour), "2026-03-01T09 2026-03-01T10 2026-03-01T13");
}

#[test]
fn a_report_has_at_most_500_rows_and_what_is_left_is_in_other() {
    for (keys, other, rows, of_other) in [
        (499, 0, 499, None),
        (500, 0, 500, None),
        (501, 0, 500, Some(2)),
        (600, 0, 500, Some(101)),
        (498, 7, 499, Some(7)),
        (499, 7, 500, Some(7)),
        (500, 7, 500, Some(8)),
    ] {
        let mut counts = counts(&[("source|other|c", other)]);
        for number in 0..keys {
            counts.add(&format!("source|key-{number}|c"), 1);
        }
        let report = Report::of([(day("2026-03-01"), &counts)], Dimension::Source);
        let found = report.rows.iter().find(|(key, _)| key == OTHER).map(|(_, figures)| figures.clicks);
        assert_eq!((report.rows.len(), found), (rows, of_other), "{keys} keys and {other} others");
        assert_eq!(report.rows.iter().map(|(_, figures)| figures.clicks).sum::<i128>(), keys + other);
    }
    // Hours are all shown: there are no more than the days have.
    let mut hours = Counts::default();
    (0..24).for_each(|hour| hours.add(&format!("hour|{hour:02}|c"), 1));
    let days: Vec<Day> = (0..30).map(|number| day("2026-03-01").plus(number)).collect();
    assert_eq!(Report::of(days.iter().map(|day| (*day, &hours)), Dimension::Hour).rows.len(), 720);
}

proptest! {
    #[test]
    fn figures_merge_like_the_numbers_they_are(a in -50_i128..50, b in -50_i128..50) {
        let mut sum = figures(a);
        sum.merge(&figures(b));
        prop_assert_eq!(&sum, &figures(a + b));
        // Currencies that only one has.
        let (mut one, other) = (Figures { revenue: money(&[("EUR", a)]), ..Figures::default() }, Figures { revenue: money(&[("USD", b)]), ..Figures::default() });
        one.merge(&other);
        prop_assert_eq!(one.revenue, money(&[("EUR", a), ("USD", b)]));
    }
}
