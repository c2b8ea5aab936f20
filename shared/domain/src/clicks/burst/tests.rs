//! Bursts at their edges, and against a search that looks at every window.

use proptest::prelude::*;

use super::*;

fn sighting(millis: i64, sender: u64, link: u64) -> Sighting {
    Sighting { at: Moment::from_millis(millis), sender, link }
}

/// Every window that begins at a click, and whoever is in it: the definition itself.
fn by_definition(sightings: &[Sighting]) -> Vec<Burst> {
    let within = |first: &Sighting, other: &Sighting| {
        let apart = other.at.millis() - first.at.millis();
        other.sender == first.sender && (0..WINDOW_MS).contains(&apart)
    };
    let mut found = vec![Burst::default(); sightings.len()];
    for first in sightings {
        let places: Vec<usize> = (0..sightings.len()).filter(|place| within(first, &sightings[*place])).collect();
        let links: std::collections::BTreeSet<u64> = places.iter().map(|place| sightings[*place].link).collect();
        for place in &places {
            found[*place].hits |= places.len() >= MANY_HITS;
            found[*place].links |= links.len() >= MANY_LINKS;
        }
    }
    found
}

#[test]
fn fifty_clicks_of_one_sender_in_ten_seconds_are_a_burst_and_forty_nine_are_not() {
    let spread = |many: i64, over: i64| -> Vec<Sighting> { (0..many).map(|n| sighting(n * over / (many - 1), 1, 1)).collect() };
    assert!(bursts(&spread(50, WINDOW_MS - 1)).iter().all(|burst| *burst == Burst { hits: true, links: false }));
    assert!(bursts(&spread(50, WINDOW_MS)).iter().all(|burst| !burst.is_any()));
    assert!(bursts(&spread(49, 0)).iter().all(|burst| !burst.is_any()));
    let two_senders: Vec<Sighting> = (0..98).map(|n| sighting(0, n % 2, 1)).collect();
    assert!(bursts(&two_senders).iter().all(|burst| !burst.is_any()));
}

#[test]
fn ten_links_in_ten_seconds_are_a_burst_and_nine_are_not() {
    let walk =
        |links: u64, step: i64| -> Vec<Sighting> { (0..30).map(|n| sighting(i64::try_from(n).unwrap() * step, 1, n % links)).collect() };
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
        let sightings: Vec<Sighting> = seen.iter().map(|(at, sender, link)| sighting(at * step, *sender, *link)).collect();
        prop_assert_eq!(bursts(&sightings), by_definition(&sightings));
    }
}
