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
