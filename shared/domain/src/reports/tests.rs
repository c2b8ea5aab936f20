//! Properties of the counters: what is counted adds up, in any order.

use proptest::prelude::*;

use super::counters::split;
use super::*;
use crate::clicks::Click;
use crate::conversions::Conversion;
use crate::testing;
use crate::values::moment::Moment;
use crate::values::money::Money;

const AT: Moment = Moment::from_millis(1_772_366_400_000);

fn click(number: u128, bot: bool, country: &str, referrer: &str) -> Click {
    let (country, device, referrer) = (country.to_owned(), "MOBILE".to_owned(), referrer.to_owned());
    Click { bot, country, device, referrer, ..testing::click(AT, number) }
}

fn conversion(minor: i64, currency: &str) -> Conversion {
    Conversion { money: Some(Money { minor, currency: currency.parse().unwrap() }), ..testing::conversion(AT, 1) }
}

fn into_counts(counts: &mut Counts, tally: &Tally) {
    for (name, increment) in tally.folded_into(counts).counters() {
        counts.add(name, i128::from(increment));
    }
}

#[test]
fn counter_names_read_back_whatever_the_key_contains() {
    for (name, parts) in [
        ("c", None),
        ("m|USD", None),
        ("country|DE|c", Some(("country", "DE", "c"))),
        ("source|a|b|v", Some(("source", "a|b", "v"))),
        ("source|x|m|USD", Some(("source", "x", "m|USD"))),
    ] {
        assert_eq!(split(name), parts, "{name}");
    }
}

#[test]
fn keys_beyond_the_cap_are_counted_as_other_and_none_is_lost() {
    let mut counts = Counts::default();
    for number in 0..2000 {
        into_counts(&mut counts, &Tally::of_click(&click(number, false, "DE", &format!("host-{number}.example"))));
    }
    let report = Report::of([("2026-03-01".parse().unwrap(), &counts)], Dimension::Referrer);
    assert_eq!(counts.keys("referrer"), MAX_KEYS + 1);
    assert_eq!(report.rows.len(), MAX_KEYS);
    assert_eq!(report.rows.last().map(|(key, _)| key.as_str()), Some(OTHER));
    assert_eq!(report.rows.iter().map(|(_, figures)| figures.clicks).sum::<i128>(), 2000);
}

#[test]
fn rows_of_zeros_are_left_out_and_negative_ones_are_not() {
    let mut counts = Counts::default();
    for (name, value) in
        [("c", 1), ("country|DE|c", 1), ("country|FR|m|USD", 0), ("country|US|m|USD", -5), ("m|USD", -5), ("country|AT|v", 0)]
    {
        counts.add(name, value);
    }
    let report = Report::of([("2026-03-01".parse().unwrap(), &counts)], Dimension::Country);
    assert_eq!(report.rows.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["DE", "US"]);
}

#[test]
fn the_rate_is_of_qualified_clicks_and_the_main_currency_the_only_one() {
    let rate = |clicks, bot_clicks, conversions| {
        Figures { clicks, bot_clicks, conversions, ..Figures::default() }.conversion_rate().map(|rate| rate.to_string())
    };
    assert_eq!((rate(10, 4, 1).as_deref(), rate(4, 4, 1), rate(2, 1, 3).as_deref()), (Some("0.1667"), None, Some("3")));
    let main = |codes: &[&str]| {
        let revenue = codes.iter().map(|code| (code.parse().unwrap(), 1)).collect();
        Figures { revenue, ..Figures::default() }.main_currency().code()
    };
    assert_eq!((main(&[]), main(&["EUR"]), main(&["EUR", "JPY"])), ("USD", "EUR", "USD"));
}

proptest! {
    #[test]
    fn a_difference_leads_from_one_classification_of_a_click_to_the_other(before in any::<bool>(), after in any::<bool>(), device in "[A-C]") {
        let was = click(1, before, "DE", "t.co");
        let is = Click { bot: after, device, ..was.clone() };
        let difference = Tally::of_click(&is).minus(&Tally::of_click(&was));
        prop_assert!(difference.counters().all(|(_, increment)| increment != 0));
        let mut restated = Tally::of_click(&was);
        restated.merge(&difference);
        prop_assert!(restated.minus(&Tally::of_click(&is)).is_empty());
        prop_assert_eq!(before == after, difference.counters().all(|(name, _)| name != "b"));
    }

    #[test]
    fn the_rows_of_every_dimension_add_up_to_the_totals(
        clicks in prop::collection::vec((any::<bool>(), "[A-Z]{2}", "[a-z|]{1,3}"), 1..60),
        values in prop::collection::vec((0_i64..1_000_000_000_000, prop::sample::select(vec!["USD", "JPY", "KWD"])), 0..20),
    ) {
        let mut counts = Counts::default();
        for (number, (bot, country, referrer)) in clicks.iter().enumerate() {
            into_counts(&mut counts, &Tally::of_click(&click(number as u128, *bot, country, referrer)));
        }
        for (minor, currency) in &values {
            into_counts(&mut counts, &Tally::of_conversion(&conversion(*minor, currency), &Origin::unknown()));
        }
        let day = "2026-03-01".parse().unwrap();
        for by in Dimension::ALL.iter().copied() {
            let report = Report::of([(day, &counts)], by);
            let mut sum = Figures::default();
            for (_, figures) in &report.rows {
                sum.merge(figures);
            }
            prop_assert_eq!(&sum, &report.totals);
            prop_assert_eq!(report.totals.clicks, clicks.len() as i128);
            prop_assert_eq!(report.totals.bot_clicks, clicks.iter().filter(|(bot, ..)| *bot).count() as i128);
            for code in ["USD", "JPY", "KWD"] {
                let expected: i128 = values.iter().filter(|(_, currency)| *currency == code).map(|(minor, _)| i128::from(*minor)).sum();
                prop_assert_eq!(report.totals.revenue.get(&code.parse().unwrap()).copied().unwrap_or_default(), expected);
            }
        }
    }
}
