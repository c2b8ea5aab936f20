//! Rollups: counters per day that every report is read from, so that its cost does not grow with clicks (contract §9).
//!
//! A cell is one day of one scope (a handle, a campaign, a link). All its counters are updated in one write together with
//! the raw records they count, so that in every cell, for every dimension, the rows add up to the totals.

pub mod confidence;
pub mod recount;
mod report;

use std::collections::BTreeMap;

use crate::clicks::Click;
use crate::conversions::ledger::Adjustment;
use crate::conversions::{Conversion, Trust};
use crate::values::moment::Day;
use crate::values::money::Change;
use crate::values::name::{CampaignId, Handle, Slug};

pub use report::{Figures, Report};

/// What a report can be split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// UTC day.
    Day,
    /// Link.
    Slug,
    /// Country code.
    Country,
    /// Device class.
    Device,
    /// Referring host.
    Referrer,
    /// Traffic source.
    Source,
    /// Campaign credited.
    Campaign,
    /// Segment of the visitor: the first of the session's, which stand in order of precedence.
    Segment,
}

impl Dimension {
    /// Those counted inside each cell; the day is the cell's own.
    const COUNTED: [Self; 7] = [Self::Slug, Self::Country, Self::Device, Self::Referrer, Self::Source, Self::Campaign, Self::Segment];

    /// As requests and table attributes spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Slug => "slug",
            Self::Country => "country",
            Self::Device => "device",
            Self::Referrer => "referrer",
            Self::Source => "source",
            Self::Campaign => "campaign",
            Self::Segment => "segment",
        }
    }
}

impl crate::values::schema::HasSchema for Dimension {
    fn schema() -> crate::values::schema::Schema {
        crate::values::schema::Schema::one_of([Self::Day].into_iter().chain(Self::COUNTED).map(Self::as_str))
    }
}

impl std::str::FromStr for Dimension {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Day].into_iter().chain(Self::COUNTED);
        all.into_iter()
            .find(|dimension| dimension.as_str() == text)
            .ok_or("must be day, slug, country, device, referrer, segment, source or campaign")
    }
}

/// What one cell covers besides its day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everything of a handle.
    Handle,
    /// One campaign.
    Campaign(CampaignId),
    /// What one link brought to one campaign, or to none; a link's own figures are the sum over its campaigns.
    Link(Slug, Option<CampaignId>),
}

/// What a report is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Everything of a handle.
    Handle,
    /// One campaign.
    Campaign(CampaignId),
    /// One link.
    Link(Slug),
    /// What one link brought to one campaign.
    LinkInCampaign(Slug, CampaignId),
}

impl Selection {
    /// Everything that these filters leave.
    pub fn of(campaign: Option<CampaignId>, slug: Option<Slug>) -> Self {
        match (campaign, slug) {
            (None, None) => Self::Handle,
            (Some(campaign), None) => Self::Campaign(campaign),
            (None, Some(slug)) => Self::Link(slug),
            (Some(campaign), Some(slug)) => Self::LinkInCampaign(slug, campaign),
        }
    }
}

/// A cell: one day of one scope of one handle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// Whose.
    pub handle: Handle,
    /// Of what.
    pub scope: Scope,
    /// When.
    pub day: Day,
}

/// The key under which keys beyond the cap are counted, and what a missing value is called.
pub const OTHER: &str = "other";
/// The key of what belongs to no campaign, or to no segment.
pub const NONE: &str = "none";
/// Keys one dimension of one cell may have; the rest is [`OTHER`].
pub const MAX_KEYS: usize = 500;

/// Where a conversion's visitor came from, as its click was recorded; kept with the conversion so that a recount agrees.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// Country code or `UNKNOWN`.
    pub country: String,
    /// Device class.
    pub device: String,
    /// Referring host or `direct`.
    pub referrer: String,
    /// Traffic source.
    pub source: String,
    /// Segment.
    #[serde(default = "no_segment")]
    pub segment: String,
}

fn no_segment() -> String {
    NONE.to_owned()
}

impl Origin {
    /// As the click tells it.
    pub fn of(click: &Click) -> Self {
        Self {
            country: click.country.clone(),
            device: click.device.clone(),
            referrer: click.referrer.clone(),
            source: click.source.clone(),
            segment: click.segments.first().cloned().unwrap_or_else(no_segment),
        }
    }

    /// Of a conversion whose click cannot be found any more.
    pub fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self { country: "UNKNOWN".to_owned(), device: "UNKNOWN".to_owned(), referrer: unknown(), source: unknown(), segment: no_segment() }
    }
}

/// Increments of one cell: counter name to amount, less than nothing where something is taken back.
///
/// Names are `c`, `b`, `v`, `i`, `m|USD` and `mc|USD` for clicks, bot clicks, conversions, impressions, minor units of revenue
/// and those of it that are confirmed, in total, and `country|DE|c` and so on for one key of a dimension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, i64>);

impl Tally {
    /// Counter names with their increments.
    pub fn counters(&self) -> impl ExactSizeIterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, increment)| (name.as_str(), *increment))
    }

    /// How many counters it touches.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it touches none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        for (name, increment) in &other.0 {
            *self.0.entry(name.clone()).or_default() += increment;
        }
    }

    /// What leads from another tally to this one; nothing for counters on which they agree.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut difference = self.clone();
        for (name, increment) in &other.0 {
            *difference.0.entry(name.clone()).or_default() -= increment;
        }
        difference.0.retain(|_, increment| *increment != 0);
        difference
    }

    fn count(&mut self, keys: &[(Dimension, &str)], metric: &str, increment: i64) {
        *self.0.entry(metric.to_owned()).or_default() += increment;
        for (dimension, key) in keys {
            *self.0.entry(format!("{}|{key}|{metric}", dimension.as_str())).or_default() += increment;
        }
    }

    /// What one click adds to each of its cells.
    pub fn of_click(click: &Click) -> Self {
        let origin = Origin::of(click);
        let keys = keys(&click.slug, click.campaign_id.as_ref(), &origin);
        let mut tally = Self::default();
        tally.count(&keys, "c", 1);
        if click.bot {
            tally.count(&keys, "b", 1);
        }
        tally
    }

    /// What observations of intent add to the cell of their handle: told by segment only, for no link brought them.
    pub fn of_impressions(segment: &str, observed: u32) -> Self {
        let mut tally = Self::default();
        tally.count(&[(Dimension::Segment, segment)], "i", observed.into());
        tally
    }

    /// What one conversion adds to each of its cells.
    pub fn of_conversion(conversion: &Conversion, origin: &Origin) -> Self {
        let keys = keys(&conversion.slug, conversion.campaign_id.as_ref(), origin);
        let mut tally = Self::default();
        tally.count(&keys, "v", 1);
        tally.count_money(&keys, conversion.money.map(Change::from), conversion.trust);
        tally
    }

    /// What an adjustment adds to each of its cells: money, and a conversion only where one is taken back or confirmed.
    pub fn of_adjustment(adjustment: &Adjustment, origin: &Origin) -> Self {
        let keys = keys(&adjustment.slug, adjustment.campaign_id.as_ref(), origin);
        let mut tally = Self::default();
        match adjustment.cause.conversions() {
            0 => {}
            conversions => tally.count(&keys, "v", conversions),
        }
        tally.count_money(&keys, adjustment.amount, adjustment.trust);
        tally
    }

    fn count_money(&mut self, keys: &[(Dimension, &str)], change: Option<Change>, trust: Trust) {
        let Some(Change { minor, currency }) = change else { return };
        self.count(keys, &format!("m|{currency}"), minor);
        if trust == Trust::Confirmed {
            self.count(keys, &format!("mc|{currency}"), minor);
        }
    }

    /// The same increments, with keys that are new to a full dimension of `cell` counted under [`OTHER`].
    #[must_use]
    pub fn folded_into(&self, cell: &Counts) -> Self {
        let mut folded = Self::default();
        let mut added: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
        for (name, increment) in &self.0 {
            let name = match split(name) {
                Some((dimension, key, metric)) if key != OTHER && !cell.knows(dimension, key) => {
                    let new = added.entry(dimension).or_default();
                    if new.contains(key) || cell.keys(dimension) + new.len() < MAX_KEYS {
                        new.insert(key);
                        name.clone()
                    } else {
                        format!("{dimension}|{OTHER}|{metric}")
                    }
                }
                _ => name.clone(),
            };
            *folded.0.entry(name).or_default() += increment;
        }
        folded
    }
}

fn keys<'a>(slug: &'a Slug, campaign: Option<&'a CampaignId>, origin: &'a Origin) -> [(Dimension, &'a str); 7] {
    [
        (Dimension::Slug, slug.as_str()),
        (Dimension::Country, &origin.country),
        (Dimension::Device, &origin.device),
        (Dimension::Referrer, &origin.referrer),
        (Dimension::Source, &origin.source),
        (Dimension::Campaign, campaign.map_or(NONE, CampaignId::as_str)),
        (Dimension::Segment, &origin.segment),
    ]
}

/// `country|DE|m|USD` as dimension, key and metric; the key may itself contain the separator.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (dimension, rest) = name.split_once('|')?;
    if is_money(dimension) {
        return None;
    }
    let (before, last) = rest.rsplit_once('|')?;
    match before.rsplit_once('|').filter(|(_, metric)| is_money(metric)) {
        Some((key, _)) if last.len() == 3 => Some((dimension, key, rest.get(key.len() + 1..)?)),
        _ => Some((dimension, before, last)),
    }
}

/// Whether a metric is told by currency, as `m|USD`.
fn is_money(metric: &str) -> bool {
    metric == "m" || metric == "mc"
}

/// The cells a record of this link and campaign is counted in.
pub fn cells(handle: &Handle, slug: &Slug, campaign: Option<&CampaignId>, day: Day) -> Vec<CellKey> {
    let scopes = [Some(Scope::Handle), campaign.cloned().map(Scope::Campaign), Some(Scope::Link(slug.clone(), campaign.cloned()))];
    scopes.into_iter().flatten().map(|scope| CellKey { handle: handle.clone(), scope, day }).collect()
}

/// Counters of a cell as read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<String, i128>);

impl Counts {
    /// Adds one counter's value; the shards of a cell add up.
    pub fn add(&mut self, name: &str, value: i128) {
        *self.0.entry(name.to_owned()).or_default() += value;
    }

    /// Counter names with their values.
    pub fn counters(&self) -> impl Iterator<Item = (&str, i128)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Adds a tally.
    pub fn add_all(&mut self, tally: &Tally) {
        for (name, increment) in &tally.0 {
            *self.0.entry(name.clone()).or_default() += i128::from(*increment);
        }
    }

    /// The keys of a dimension that have a counter, again for each of them.
    fn keys_of(&self, dimension: Dimension) -> impl Iterator<Item = &str> {
        let keys = self.0.keys().filter_map(|name| split(name));
        keys.filter(move |(found, ..)| *found == dimension.as_str()).map(|(_, key, _)| key)
    }

    fn knows(&self, dimension: &str, key: &str) -> bool {
        let prefix = format!("{dimension}|{key}|");
        self.0.range(prefix.clone()..).next().is_some_and(|(name, _)| name.starts_with(&prefix))
    }

    fn keys(&self, dimension: &str) -> usize {
        let prefix = format!("{dimension}|");
        let mut keys = std::collections::BTreeSet::new();
        for (name, _) in self.0.range(prefix.clone()..) {
            match split(name) {
                Some((found, key, _)) if found == dimension => keys.insert(key),
                _ => break,
            };
        }
        keys.len()
    }
}

#[cfg(test)]
mod tests;
