//! Bursts at their edges, and against a search that looks at every window.

use proptest::prelude::*;

use super::*;

fn fingerprint(millis: i64, sender: u64, link: u64) -> ClickFingerprint {
    ClickFingerprint { at: Moment::from_millis(millis), sender, link }
}

/// Every window that begins at a click, and the clicks in it: the definition itself.
fn by_definition(fingerprints: &[ClickFingerprint]) -> Vec<Burst> {
    let within = |first: &ClickFingerprint, other: &ClickFingerprint| {
        let apart = other.at.millis() - first.at.millis();
        other.sender == first.sender && (0..WINDOW_MS).contains(&apart)
    };
    let mut found = vec![Burst::default(); fingerprints.len()];
    for first in fingerprints {
        let places: Vec<usize> = (0..fingerprints.len()).filter(|place| within(first, &fingerprints[*place])).collect();
        let links: std::collections::BTreeSet<u64> = places.iter().map(|place| fingerprints[*place].link).collect();
        for place in &places {
            found[*place].hits |= places.len() >= MIN_BURST_CLICKS;
            found[*place].links |= links.len() >= MIN_BURST_LINKS;
        }
    }
    found
}

#[test]
fn fifty_clicks_of_one_sender_in_ten_seconds_are_a_burst_and_forty_nine_are_not() {
    let spread = |many: i64, over: i64| -> Vec<ClickFingerprint> { (0..many).map(|n| fingerprint(n * over / (many - 1), 1, 1)).collect() };
    assert!(bursts(&spread(50, WINDOW_MS - 1)).iter().all(|burst| *burst == Burst { hits: true, links: false }));
    assert!(bursts(&spread(50, WINDOW_MS)).iter().all(|burst| !burst.is_any()));
    assert!(bursts(&spread(49, 0)).iter().all(|burst| !burst.is_any()));
    let two_senders: Vec<ClickFingerprint> = (0..98).map(|n| fingerprint(0, n % 2, 1)).collect();
    assert!(bursts(&two_senders).iter().all(|burst| !burst.is_any()));
}

#[test]
fn a_stored_click_keeps_the_bursts_it_was_part_of() {
    for (reasons, hits, links) in [
        (vec![], false, false),
        (vec![Reason::BurstHits], true, false),
        (vec![Reason::BurstLinks], false, true),
        (vec![Reason::BurstHits, Reason::BurstLinks], true, true),
    ] {
        let codes = reasons.iter().map(|reason| reason.as_str().to_owned()).collect();
        let click = Click { reasons: codes, ..crate::testing::click(Moment::from_millis(0), 1) };
        assert_eq!(Burst::of_reasons(&click), Burst { hits, links }, "{reasons:?}");
    }
}

#[test]
fn ten_links_in_ten_seconds_are_a_burst_and_nine_are_not() {
    let walk = |links: u64, step: i64| -> Vec<ClickFingerprint> {
        (0..30).map(|n| fingerprint(i64::try_from(n).unwrap() * step, 1, n % links)).collect()
    };
    assert!(bursts(&walk(10, 100)).iter().all(|burst| *burst == Burst { hits: false, links: true }));
    assert!(bursts(&walk(9, 100)).iter().all(|burst| !burst.is_any()));
    assert!(bursts(&walk(10, 1200)).iter().all(|burst| !burst.is_any()));
}

proptest! {
    #[test]
    fn a_sliding_window_finds_what_looking_at_every_window_finds(
        seen in prop::collection::vec((0_i64..120, 0_u64..2, 0_u64..13), 0..260),
        step in prop::sample::select(vec![40_i64, 100, 333, 1250]),
    ) {
        let fingerprints: Vec<ClickFingerprint> = seen.iter().map(|(at, sender, link)| fingerprint(at * step, *sender, *link)).collect();
        prop_assert_eq!(bursts(&fingerprints), by_definition(&fingerprints));
    }
}

/// So many clicks of one visitor, on so many links.
fn clicks(ids: std::ops::Range<u128>, links: u128) -> Vec<Click> {
    let one = |n: u128| Click {
        slug: format!("link-{}", n % links).parse().unwrap(),
        address: Some("hash".into()),
        ..crate::testing::click(Moment::from_millis(1_000), n)
    };
    ids.map(one).collect()
}

#[test]
fn a_burst_of_either_kind_is_found_across_batches() {
    for (links, many, expected) in [(1, 50, Burst { hits: true, links: false }), (10, 10, Burst { hits: false, links: true })] {
        let mut recent = RecentClicks::default();
        let (first, last) = (clicks(0..many - 1, links), clicks(many - 1..many, links));
        assert_eq!(recent.record(&first, Moment::from_millis(1_000)), BTreeMap::new());
        assert_eq!(recent.record(&last, Moment::from_millis(1_000 + KEPT_MS)), BTreeMap::from([(last[0].id, expected)]), "{links} links");
    }
}

#[test]
fn clicks_are_forgotten_after_their_time_and_recorded_once_however_often_they_come() {
    let (first, last) = (clicks(0..49, 1), clicks(49..50, 1));
    let mut recent = RecentClicks::default();
    recent.record(&first, Moment::from_millis(0));
    assert_eq!(recent.record(&last, Moment::from_millis(KEPT_MS + 1)), BTreeMap::new(), "forgotten");
    let mut recent = RecentClicks::default();
    for _ in 0..3 {
        assert_eq!(recent.record(&first, Moment::from_millis(0)), BTreeMap::new(), "49 clicks are 49");
    }
    let opted_out: Vec<Click> = clicks(0..100, 1).into_iter().map(|click| Click { address: None, ..click }).collect();
    assert_eq!(recent.record(&opted_out, Moment::from_millis(0)), BTreeMap::new());
}

#[test]
fn of_very_many_clicks_the_last_are_kept() {
    let mut recent = RecentClicks::default();
    let mut all = clicks(0..50, 1);
    let others = clicks(50..50 + u128::try_from(MAX_KEPT).unwrap(), 1).into_iter().enumerate();
    let mut others: Vec<Click> = others.map(|(n, click)| Click { address: Some(format!("other {n}")), ..click }).collect();
    let displaced = others.split_off(MAX_KEPT - 49);
    let last = all.split_off(49);
    recent.record(&all, Moment::from_millis(0));
    recent.record(&others, Moment::from_millis(0));
    recent.record(&displaced, Moment::from_millis(0));
    assert_eq!(recent.0.len(), MAX_KEPT);
    assert_eq!(recent.record(&last, Moment::from_millis(0)), BTreeMap::new(), "the other 49 were displaced");
}
