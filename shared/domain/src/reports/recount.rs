//! Recounts the cells of a day from the raw records and compares them with what is stored: there must be no difference
//! (specification §9).

use std::collections::{BTreeMap, BTreeSet};

use super::cell::Selection;
use super::counters::{Counts, OTHER, Tally, split};
use super::dimension::{Dimension, NONE};
use crate::values::name::{CampaignId, Slug};

/// The counters of one day of one handle, recounted from its raw records, with every key under its own name.
#[derive(Clone, Debug, Default)]
pub struct Recount {
    handle: Counts,
    campaigns: BTreeMap<CampaignId, Counts>,
    links: BTreeMap<Slug, Counts>,
    links_in_campaigns: BTreeMap<(Slug, CampaignId), Counts>,
}

impl Recount {
    /// Adds what one record adds to each of its cells.
    pub fn count(&mut self, slug: &Slug, campaign: Option<&CampaignId>, tally: &Tally) {
        self.handle.add_all(tally);
        self.links.entry(slug.clone()).or_default().add_all(tally);
        if let Some(campaign) = campaign {
            self.campaigns.entry(campaign.clone()).or_default().add_all(tally);
            self.links_in_campaigns.entry((slug.clone(), campaign.clone())).or_default().add_all(tally);
        }
    }

    /// Everything to be compared: what the raw records are counted in, and what the stored cell of the handle names.
    pub fn selections(&self, stored: &Counts) -> Vec<Selection> {
        let campaigns =
            self.campaigns.keys().cloned().chain(stored.keys_of(Dimension::Campaign).filter(|key| *key != NONE).filter_map(parsed));
        let slugs = self.links.keys().cloned().chain(stored.keys_of(Dimension::Slug).filter_map(parsed));
        let campaigns: BTreeSet<CampaignId> = campaigns.collect();
        let slugs: BTreeSet<Slug> = slugs.collect();
        let of_both = self.links_in_campaigns.keys().map(|(slug, campaign)| Selection::LinkInCampaign(slug.clone(), campaign.clone()));
        let campaigns = campaigns.into_iter().map(Selection::Campaign);
        [Selection::Handle].into_iter().chain(campaigns).chain(slugs.into_iter().map(Selection::Link)).chain(of_both).collect()
    }

    /// The recounted counters of a selection.
    pub fn counts(&self, selection: &Selection) -> Counts {
        let counts = match selection {
            Selection::Handle => Some(&self.handle),
            Selection::Campaign(campaign) => self.campaigns.get(campaign),
            Selection::Link(slug) => self.links.get(slug),
            Selection::LinkInCampaign(slug, campaign) => self.links_in_campaigns.get(&(slug.clone(), campaign.clone())),
        };
        counts.cloned().unwrap_or_default()
    }
}

fn parsed<T: std::str::FromStr>(key: &str) -> Option<T> {
    // `other` is what several keys are counted under; each of them has raw records of its own.
    Some(key).filter(|key| *key != OTHER).and_then(|key| key.parse().ok())
}

/// A stored counter that differs from its recount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The counter's name.
    pub counter: String,
    /// The value by the raw records.
    pub recounted: i128,
    /// The stored value.
    pub stored: i128,
}

/// Every counter of a cell that differs from its recount.
///
/// A full dimension counts further keys as [`OTHER`]. There the stored value of each key may be lower than its recount, and
/// the sum of what is missing must be what is stored under [`OTHER`] beyond a key that itself has that name.
///
/// Impressions are left out: signals are stored in their sessions for thirty days, and cannot be listed by day.
pub fn drift(recounted: &Counts, stored: &Counts) -> Vec<Drift> {
    let value = |counts: &Counts, name: &str| counts.0.get(name).copied().unwrap_or_default();
    let is_recounted = |name: &&str| split(name).map_or(*name, |(_, _, metric)| metric) != "i";
    let names: BTreeSet<&str> = recounted.0.keys().chain(stored.0.keys()).map(String::as_str).filter(is_recounted).collect();
    let mut found = Vec::new();
    // By dimension and metric: the sum of what is missing.
    let mut lacking: BTreeMap<(&str, &str), i128> = BTreeMap::new();
    for name in names {
        let (is, must) = (value(stored, name), value(recounted, name));
        let drift = || Drift { counter: name.to_owned(), recounted: must, stored: is };
        match split(name) {
            Some((dimension, key, metric)) if stored.knows(dimension, OTHER) => {
                *lacking.entry((dimension, metric)).or_default() += must - is;
                // Amounts and conversions may be taken back, so only for clicks a key is known not to exceed its recount.
                if key != OTHER && !metric.starts_with('m') && metric != "v" && is > must {
                    found.push(drift());
                }
            }
            _ if is != must => found.push(drift()),
            _ => {}
        }
    }
    for ((dimension, metric), lack) in lacking {
        if lack != 0 {
            let counter = format!("{dimension}|{OTHER}|{metric}");
            let stored = value(stored, &counter);
            found.push(Drift { recounted: stored + lack, stored, counter });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;
    use crate::values::moment::Moment;

    fn counts(of: &[(&str, i128)]) -> Counts {
        let mut counts = Counts::default();
        for (name, value) in of {
            counts.add(name, *value);
        }
        counts
    }

    #[test]
    fn a_counter_that_is_off_by_one_is_found_in_either_direction() {
        let good = counts(&[("c", 3), ("b", 1), ("country|DE|c", 2), ("country|US|c", 1), ("m|USD", 2499)]);
        assert_eq!(drift(&good, &good), []);
        for name in ["c", "b", "country|DE|c", "m|USD"] {
            for by in [-1, 1] {
                let mut bad = good.clone();
                bad.add(name, by);
                let found = drift(&good, &bad);
                assert_eq!(found.len(), 1, "{name} {by}");
                assert_eq!(found[0].counter, name);
                assert_eq!(drift(&bad, &good).len(), 1, "{name} {by}");
            }
        }
        assert_eq!(drift(&good, &Counts::default()).len(), 5);
        assert_eq!(drift(&Counts::default(), &counts(&[("country|DE|b", 0)])), [], "a stored zero equals none");
        assert_eq!(drift(&Counts::default(), &counts(&[("i", 2), ("segment|new|i", 2)])), [], "signals cannot be listed by day");
    }

    #[test]
    fn keys_counted_as_other_are_no_drift_and_a_click_that_is_nowhere_is() {
        let raw = counts(&[("c", 6), ("source|a|c", 3), ("source|b|c", 2), ("source|other|c", 1)]);
        let folded = counts(&[("c", 6), ("source|a|c", 2), ("source|other|c", 4)]);
        assert_eq!(drift(&raw, &folded), []);
        for (name, by, counters) in [("source|other|c", -1, 1), ("source|a|c", 1, 1), ("source|a|c", 2, 2), ("source|z|c", 1, 2)] {
            let mut bad = folded.clone();
            bad.add(name, by);
            assert_eq!(drift(&raw, &bad).len(), counters, "{name}");
        }
    }

    #[test]
    fn in_a_full_dimension_a_key_may_lack_what_other_has_and_have_too_much_of_what_can_be_taken_back() {
        let drift_of = |raw: &[(&str, i128)], stored: &[(&str, i128)]| {
            let found = drift(&counts(raw), &counts(stored)).into_iter();
            found.map(|drift| (drift.counter, drift.recounted, drift.stored)).collect::<Vec<_>>()
        };
        let found = |counter: &str, recounted, stored| vec![(counter.to_owned(), recounted, stored)];
        for (metric, may_exceed) in [("c", false), ("b", false), ("v", true), ("m|USD", true), ("mc|USD", true)] {
            let (a, b, other) = (format!("source|a|{metric}"), format!("source|b|{metric}"), format!("source|other|{metric}"));
            let raw = [(a.as_str(), 3), (b.as_str(), 2)];
            let stored = |of_a, of_other| drift_of(&raw, &[(a.as_str(), of_a), (other.as_str(), of_other)]);
            assert_eq!(stored(3, 2), [], "{metric}: b is among the others");
            assert_eq!(stored(2, 3), [], "{metric}: so is a part of a");
            assert_eq!(stored(4, 1), if may_exceed { vec![] } else { found(&a, 3, 4) }, "{metric}");
            assert_eq!(stored(3, 1), found(&other, 2, 1), "{metric}: one is nowhere");
            assert_eq!(stored(3, 4), found(&other, 2, 4), "{metric}: two are too many");
            // Another dimension is not full.
            let elsewhere = drift_of(&[("device|x|c", 1)], &[("device|x|c", 2), (other.as_str(), 0)]);
            assert_eq!(elsewhere, found("device|x|c", 1, 2), "{metric}");
        }
    }

    fn tally(number: usize) -> Tally {
        let at = Moment::from_millis(1_772_366_400_000);
        Tally::of_click(&crate::clicks::Click { bot: number.is_multiple_of(2), source: format!("s{number}"), ..testing::click(at, 1) })
    }

    proptest! {
        #[test]
        fn a_recount_has_of_every_selection_the_sum_of_its_records(records in prop::collection::vec((0..3_usize, 0..3_usize), 0..12)) {
            let slug = |number: usize| ["slug-a", "slug-b", "slug-c"][number].parse::<Slug>().unwrap();
            let campaign = |number: usize| [None, Some("spring"), Some("autumn")][number].map(|id| id.parse::<CampaignId>().unwrap());
            let mut recount = Recount::default();
            for (number, (of_slug, of_campaign)) in records.iter().enumerate() {
                recount.count(&slug(*of_slug), campaign(*of_campaign).as_ref(), &tally(number));
            }
            let mut stored = Counts::default();
            for name in ["slug|slug-z|c", "slug|slug-z|b", "slug|other|c", "slug|a b|c", "campaign|winter|c", "campaign|none|c", "campaign|other|v"] {
                stored.add(name, 1);
            }
            let mut expected = vec![Selection::Handle, Selection::Campaign("winter".parse().unwrap()), Selection::Link("slug-z".parse().unwrap())];
            for (of_slug, of_campaign) in &records {
                expected.push(Selection::Link(slug(*of_slug)));
                if let Some(campaign) = campaign(*of_campaign) {
                    expected.push(Selection::Campaign(campaign.clone()));
                    expected.push(Selection::LinkInCampaign(slug(*of_slug), campaign));
                }
            }
            let selections = recount.selections(&stored);
            let sorted = |selections: &[Selection]| selections.iter().map(|selection| format!("{selection:?}")).collect::<BTreeSet<_>>();
            prop_assert_eq!(sorted(&selections), sorted(&expected));
            prop_assert_eq!(selections.len(), sorted(&selections).len(), "each once");
            for selection in selections {
                let mut sum = Counts::default();
                for (number, (of_slug, of_campaign)) in records.iter().enumerate() {
                    let (of_slug, of_campaign) = (slug(*of_slug), campaign(*of_campaign));
                    let is_in = match &selection {
                        Selection::Handle => true,
                        Selection::Campaign(campaign) => of_campaign.as_ref() == Some(campaign),
                        Selection::Link(slug) => of_slug == *slug,
                        Selection::LinkInCampaign(slug, campaign) => of_slug == *slug && of_campaign.as_ref() == Some(campaign),
                    };
                    if is_in {
                        sum.add_all(&tally(number));
                    }
                }
                prop_assert_eq!(recount.counts(&selection), sum, "{:?}", selection);
            }
        }
    }
}
