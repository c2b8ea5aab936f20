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

fn delta_of(click: &Click) -> Delta {
    added(Addition::of_record(click.day(), &click.slug, click.campaign_id.as_ref(), Tally::of_click(click)))
}

fn added(addition: Addition) -> Delta {
    let mut delta = Delta::default();
    delta.add(&addition);
    delta
}

fn rows_of(tally: &Tally) -> Rows {
    let mut rows = Rows::default();
    rows.count(tally);
    rows
}

fn read(json: &str) -> Delta {
    Delta::from_json(json, |_| true).unwrap()
}

fn counts_of(rows: &Rows) -> Counts {
    let mut counts = Counts::default();
    rows.add_to(&mut counts);
    counts
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
fn keys_beyond_the_limit_are_counted_as_other_the_least_used_first_and_none_is_lost() {
    let mut rows = Rows::default();
    for number in 0..2000 {
        let host = if number % 10 == 0 { "often.example".to_owned() } else { format!("host-{number}.example") };
        rows.count(&Tally::of_click(&click(number, false, "DE", &host)));
        if number % 500 == 499 {
            rows.limit();
        }
    }
    let report = Report::of([("2026-03-01".parse().unwrap(), &counts_of(&rows))], Dimension::Referrer);
    assert_eq!(report.rows.len(), MAX_KEYS);
    assert_eq!(report.rows.first().map(|(key, figures)| (key.as_str(), figures.clicks)), Some(("often.example", 200)));
    assert_eq!(report.rows.last().map(|(key, _)| key.as_str()), Some(OTHER));
    assert_eq!(report.rows.iter().map(|(_, figures)| figures.clicks).sum::<i128>(), 2000);
}

#[test]
fn a_long_key_is_cut_and_stays_different_from_others_that_begin_alike() {
    let rows = |host: &str| counts_of(&rows_of(&Tally::of_click(&click(1, false, "DE", host))));
    let (short, long, longer) = ("x".repeat(MAX_KEY_BYTES), "\u{e9}".repeat(64), format!("{}x", "\u{e9}".repeat(64)));
    let key = |host: &str| rows(host).keys_of(Dimension::Referrer).next().map(str::to_owned).unwrap();
    assert_eq!(key(&short), short);
    assert!(key(&long).len() <= MAX_KEY_BYTES && key(&longer).len() <= MAX_KEY_BYTES && key(&long) != key(&longer));
    assert!(long.starts_with(key(&long).split('~').next().unwrap()));
}

#[test]
fn a_fold_writes_the_scopes_that_gathered_enough_and_leaves_the_rest() {
    let mut delta = Delta::default();
    for number in 0..40 {
        let slug = if number < 20 { "often".to_owned() } else { format!("rare-{number}") };
        delta.merge(&delta_of(&Click { slug: slug.parse().unwrap(), campaign_id: None, ..click(number, false, "DE", "t.co") }));
    }
    let often = CellScope::Link("often".parse().unwrap(), None);
    assert_eq!(delta.foldable(false), [often, CellScope::Handle]);
    assert_eq!(delta.foldable(true).len(), 22, "of a day that is over, all");
    assert!(is_worth_writing(64, &[10_000]) && !is_worth_writing(4, &[10_000]));
}

#[test]
fn a_delta_reads_back_as_it_was_stored() {
    let mut delta = delta_of(&click(1, true, "DE", "a|b.example"));
    delta.merge(&delta_of(&Click { campaign_id: None, ..click(2, false, "FR", "t.co") }));
    let conversion = Tally::of_conversion(&conversion(-2499, "USD"), &Origin::unknown());
    delta.add(&Addition::of_record(AT.day(), &"launch".parse().unwrap(), Some(&"partner".parse().unwrap()), conversion));
    let json = serde_json::to_string(&delta).unwrap();
    assert_eq!(read(&json), delta, "{json}");
    assert!(json.contains(r#"["C#partner","L#launch#partner"]"#), "the rows of both are stored once: {json}");
    assert!(json.contains(r#""referrer":{"a|b.example":{"b":1,"c":1}"#), "{json}");
}

#[test]
fn a_delta_of_the_first_form_is_read() {
    let rows = r#"{"country":{"DE":{"c":3,"m|USD":-5}},"day":{"":{"c":3,"m|USD":-5}},"slug":{"a":{"c":1},"b":{"c":2,"m|USD":-5}}}"#;
    let delta = read(&format!(r#"[[["C#partner","H"],{rows}]]"#));
    let compact = r#"{"country":"DE","day":{"":{"c":3,"m|USD":-5}},"slug":{"a":{"c":1},"b":{"c":2,"m|USD":-5}}}"#;
    assert_eq!(serde_json::to_string(&delta).unwrap(), format!(r#"[[["H","C#partner"],{compact}]]"#));
    assert_eq!(read(&format!(r#"[[["C#partner","H"],{compact}]]"#)), delta);
    for damaged in [r#"{"country":"DE"}"#, r#"{"country":1}"#, r#"{"country":{"DE":1}}"#, "[]"] {
        assert!(Delta::from_json(&format!(r#"[[["H"],{damaged}]]"#), |_| true).is_err(), "{damaged}");
    }
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

#[test]
fn a_delta_of_one_click_stays_within_one_write_unit_and_hours_and_reasons_add_little_to_a_batch() {
    let without = |delta: &Delta| {
        let stored = serde_json::to_value(delta).unwrap();
        let mut bytes = 2;
        for mut group in stored.as_array().cloned().unwrap() {
            let rows = group[1].as_object_mut().unwrap();
            rows.remove("hour");
            rows.remove("reason");
            bytes += group.to_string().len() + 1;
        }
        bytes
    };
    let of_campaign = |number: u128, link: u128, reasons: &[&str]| Click {
        slug: format!("launch-{link:02}").parse().unwrap(),
        campaign_id: Some("partner-alpha".parse().unwrap()),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        ..click(number, !reasons.is_empty(), ["US", "DE", "FR", "BR"][number as usize % 4], "www.instagram.com")
    };
    let one = delta_of(&of_campaign(1, 0, &["no_accept_language"]));
    let size = |delta: &Delta| serde_json::to_string(delta).unwrap().len();
    assert!(size(&one) <= 900, "with its key one write unit: {} bytes, {} without hours and reasons", size(&one), without(&one));
    for links in [1, 20] {
        let mut batch = Delta::default();
        for number in 0..100 {
            let reasons: &[&str] = [&[][..], &["known_bot"], &[], &["burst_hits", "known_bot"], &[]][number as usize % 5];
            batch.merge(&delta_of(&of_campaign(number, number % links, reasons)));
        }
        let more = size(&batch) - without(&batch);
        assert!(more <= 40 * 100 / 10 + 75 * links as usize, "{links} links: {more} bytes more than {}", without(&batch));
    }
}

/// Rows of few dimensions and keys, so that equal ones, only keys and missing totals are frequent, with odd names and values.
fn any_rows() -> impl Strategy<Value = Rows> {
    let value = prop_oneof![3 => Just(1), 1 => any::<i64>()];
    let name = prop_oneof![
        3 => prop_oneof!["c", "m\\|USD"],
        4 => "(country|day|source)\\|[a-b\"\\\\\u{1}\u{e9}]{0,2}\\|(c|m\\|USD)",
    ];
    prop::collection::vec((name, value), 0..12).prop_map(|counters| {
        let mut rows = Rows::default();
        for (name, value) in counters {
            rows.count(&Tally::of_counter(&name, value));
        }
        rows
    })
}

proptest! {
    #[test]
    fn rows_read_back_as_they_were_stored_within_the_bytes_they_claim(rows in any_rows()) {
        let json = serde_json::to_string(&rows).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Rows>(&json).unwrap(), &rows, "{}", json);
        prop_assert!(json.len() <= rows.bytes(), "{} > {}: {}", json.len(), rows.bytes(), json);
    }

    #[test]
    fn a_report_reads_from_a_delta_the_scopes_it_wants(links in prop::collection::vec((0..4_u8, 0..3_u8, any::<bool>()), 1..20)) {
        let mut delta = Delta::default();
        for (number, (slug, campaign, bot)) in links.iter().enumerate() {
            let campaign_id = (*campaign > 0).then(|| format!("partner-{campaign}").parse().unwrap());
            let click = Click { slug: format!("slug-{slug}").parse().unwrap(), campaign_id, ..click(number as u128, *bot, "DE", "t.co") };
            delta.merge(&delta_of(&click));
        }
        let json = serde_json::to_string(&delta).unwrap();
        prop_assert_eq!(&read(&json), &delta);
        prop_assert!(json.len() <= delta.bytes());
        let slug = Selection::Link("slug-1".parse().unwrap());
        for selection in [Selection::Handle, Selection::Campaign("partner-1".parse().unwrap()), slug] {
            let wanted = Delta::from_json(&json, |scope| scope.is_in(&selection)).unwrap();
            let (mut of_all, mut of_wanted) = (Counts::default(), Counts::default());
            delta.add_to(&selection, &mut of_all);
            wanted.add_to(&selection, &mut of_wanted);
            prop_assert_eq!(of_all, of_wanted);
            prop_assert!(wanted.covers(&selection) == delta.covers(&selection));
            prop_assert!(!wanted.covers(&Selection::Campaign("partner-9".parse().unwrap())));
        }
    }

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
    fn whatever_visitors_send_rows_add_up_to_the_totals_within_a_cells_limits(
        clicks in prop::collection::vec((any::<bool>(), "\\PC{0,300}", "\\PC{0,300}", any::<String>()), 1..60),
        values in prop::collection::vec((0_i64..1_000_000_000_000, prop::sample::select(vec!["USD", "JPY", "KWD"])), 0..20),
        copies in 1..12_u128,
    ) {
        let mut delta = Delta::default();
        for (number, (bot, country, referrer, source)) in clicks.iter().enumerate() {
            for copy in 0..copies {
                let (referrer, source) = (format!("{referrer}{copy}"), format!("{copy}{source}"));
                delta.merge(&delta_of(&Click { source, ..click(number as u128, *bot, country, &referrer) }));
            }
        }
        for (minor, currency) in &values {
            let conversion = conversion(*minor, currency);
            let tally = Tally::of_conversion(&conversion, &Origin::unknown());
            delta.add(&Addition::of_record(AT.day(), &conversion.slug, conversion.campaign_id.as_ref(), tally));
        }
        delta.limit();
        let link = CellScope::Link(conversion(0, "USD").slug, conversion(0, "USD").campaign_id);
        for scope in [CellScope::Handle, link] {
            let mut counts = Counts::default();
            for part in scope.parts() {
                let cell = delta.rows(&scope).unwrap().part(part);
                prop_assert!(cell.bytes() <= MAX_CELL_BYTES, "{} bytes", cell.bytes());
                cell.add_to(&mut counts);
            }
            for by in Dimension::ALL.iter().copied() {
                let report = Report::of([("2026-03-01".parse().unwrap(), &counts)], by);
                let mut sum = Figures::default();
                for (_, figures) in &report.rows {
                    sum.merge(figures);
                }
                prop_assert_eq!(&sum, &report.totals);
                prop_assert_eq!(report.totals.clicks, clicks.len() as i128 * copies as i128);
                prop_assert_eq!(report.totals.bot_clicks, clicks.iter().filter(|(bot, ..)| *bot).count() as i128 * copies as i128);
                for code in ["USD", "JPY", "KWD"] {
                    let expected: i128 = values.iter().filter(|(_, currency)| *currency == code).map(|(minor, _)| i128::from(*minor)).sum();
                    prop_assert_eq!(report.totals.revenue.get(&code.parse().unwrap()).copied().unwrap_or_default(), expected);
                }
            }
        }
    }
}

#[test]
fn no_new_campaign_gets_an_id_that_is_a_key_of_reports() {
    assert_eq!(crate::campaigns::KEYS_OF_REPORTS, [NONE, OTHER]);
}
