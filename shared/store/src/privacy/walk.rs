//! The walk over a handle's records, a bounded page at a time.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use domain::conversions::ledger::Adjustment;
use domain::privacy::Traces;
use domain::reports::Origin;
use domain::values::id::{ClickId, ConversionId};
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::clicks::StoredClick;
use crate::conversions::{self, StoredConversion, ledger};
use crate::dynamo::{Item, ListCursor, ListRange, optional, readable, table, text};
use crate::error::{Error, Result};
use crate::privacy::Privacy;

/// Conversions that one step reads.
const MAX_CONVERSIONS: usize = 100;
/// Clicks of each shard that one step reads.
const MAX_CLICKS: i32 = 100;

/// The days whose records are walked, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

/// Where a walk goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WalkPosition {
    /// At the conversions of the month of this day, after an entry of their list.
    Conversions {
        /// A day of the month.
        month: Day,
        /// The last that was read.
        after: Option<ListCursor>,
    },
    /// At the clicks of a day, after an id.
    Clicks {
        /// The day.
        day: Day,
        /// The last that was read in every shard.
        after: Option<ClickId>,
    },
    /// At the clicks that could not be sent.
    ParkedClicks,
    /// Nothing is left.
    End,
}

/// A record of the person.
#[derive(Clone, Debug)]
pub enum PersonRecord {
    /// A conversion with its ledger.
    Conversion(Box<PersonalConversion>),
    /// A click.
    Click(Box<StoredClick>),
    /// A click that is not counted yet.
    ParkedClick(Box<StoredClick>),
}

/// A conversion as it was read, with its adjustments.
#[derive(Clone, Debug)]
pub struct PersonalConversion {
    /// The conversion.
    pub stored: StoredConversion,
    /// Its adjustments.
    pub adjustments: Vec<PersonalAdjustment>,
    /// Its item.
    pub(super) item: Item,
}

/// An adjustment as it was read.
#[derive(Clone, Debug)]
pub struct PersonalAdjustment {
    /// The adjustment.
    pub adjustment: Adjustment,
    /// Where the visitor came from under which it is counted.
    pub(super) origin: Option<Origin>,
    /// Its item.
    pub(super) item: Item,
}

impl Span {
    /// Where a walk over it begins.
    pub fn start(self) -> WalkPosition {
        WalkPosition::Conversions { month: self.first, after: None }
    }
}

impl Privacy<'_> {
    /// The person's records of one page, and where the walk goes on.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn walk(self, handle: &Handle, traces: &Traces, span: Span, at: WalkPosition) -> Result<(Vec<PersonRecord>, WalkPosition)> {
        match at {
            WalkPosition::Conversions { month, after } => self.conversions(handle, traces, span, (month, after)).await,
            WalkPosition::Clicks { day, after } => self.clicks(handle, traces, span, (day, after)).await,
            WalkPosition::ParkedClicks => Ok((self.parked_clicks(handle, traces).await?, WalkPosition::End)),
            WalkPosition::End => Ok((Vec::new(), WalkPosition::End)),
        }
    }

    async fn conversions(
        self,
        handle: &Handle,
        traces: &Traces,
        span: Span,
        (month, after): (Day, Option<ListCursor>),
    ) -> Result<(Vec<PersonRecord>, WalkPosition)> {
        let range = ListRange::of_month(MAX_CONVERSIONS, table::conversions(handle, month)).after(after);
        let (entries, next) = self.db.list_entries(range).await?;
        let mut found = Vec::new();
        for (_, item) in self.db.items_of(&entries).await? {
            let Some(stored) = readable(&item, conversions::stored)? else { continue };
            if traces.has_conversion(&stored.conversion, stored.confirmed.as_deref()) {
                let adjustments = self.adjustments(handle, stored.conversion.id).await?;
                found.push(PersonRecord::Conversion(Box::new(PersonalConversion { stored, adjustments, item })));
            }
        }
        let position = match (next, month.first_of_next_month()) {
            (Some(after), _) => WalkPosition::Conversions { month, after: Some(after) },
            (None, next) if next.month() <= span.last.month() => WalkPosition::Conversions { month: next, after: None },
            _ => WalkPosition::Clicks { day: span.first, after: None },
        };
        Ok((found, position))
    }

    async fn adjustments(self, handle: &Handle, conversion: ConversionId) -> Result<Vec<PersonalAdjustment>> {
        let (mut adjustments, mut start) = (Vec::new(), None);
        loop {
            let query = self.db.query().key_condition_expression("pk = :pk").consistent_read(true).set_exclusive_start_key(start);
            let query = query.expression_attribute_values(":pk", text(table::adjustments(handle, conversion)));
            let found = query.send().await.map_err(Error::call("Query"))?;
            for item in found.items.unwrap_or_default() {
                if let Some(stored) = readable(&item, ledger::stored)? {
                    adjustments.push(PersonalAdjustment { adjustment: stored.adjustment, origin: stored.origin, item });
                }
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                return Ok(adjustments);
            }
        }
    }

    /// A page of each shard of a day. The walk goes on after the first of the last clicks that were read of the shards that go on; what was
    /// read after it of other shards belongs to the next page.
    async fn clicks(
        self,
        handle: &Handle,
        traces: &Traces,
        span: Span,
        (day, after): (Day, Option<ClickId>),
    ) -> Result<(Vec<PersonRecord>, WalkPosition)> {
        let shards = (0..table::CLICK_SHARDS).map(|shard| self.page(table::clicks(handle, day, shard), after));
        let (mut found, mut next): (Vec<StoredClick>, Option<ClickId>) = (Vec::new(), None);
        for (items, goes_on) in try_join_all(shards).await? {
            let last = items.last().filter(|_| goes_on).and_then(|item| optional(item, "sk")?.parse::<ClickId>().ok());
            next = [next, last].into_iter().flatten().min();
            found.extend(of_person(&items, traces)?);
        }
        found.retain(|click| next.is_none_or(|last| click.click.id <= last));
        let found = found.into_iter().map(|click| PersonRecord::Click(Box::new(click))).collect();
        let position = match next {
            Some(after) => WalkPosition::Clicks { day, after: Some(after) },
            None if day < span.last => WalkPosition::Clicks { day: day.plus(1), after: None },
            None => WalkPosition::ParkedClicks,
        };
        Ok((found, position))
    }

    /// Parked clicks wait for minutes only, so the first of each shard are all.
    async fn parked_clicks(self, handle: &Handle, traces: &Traces) -> Result<Vec<PersonRecord>> {
        let shards = (0..table::PARKED_SHARDS).map(|shard| self.page(table::parked_clicks(handle, shard), None));
        let mut found = Vec::new();
        for (items, _) in try_join_all(shards).await? {
            found.extend(of_person(&items, traces)?.into_iter().map(|click| PersonRecord::ParkedClick(Box::new(click))));
        }
        Ok(found)
    }

    async fn page(self, pk: String, after: Option<ClickId>) -> Result<(Vec<Item>, bool)> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":after", text(after.map_or(" ".to_owned(), |id| id.to_string())))
            .consistent_read(true)
            .limit(MAX_CLICKS);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let goes_on = found.last_evaluated_key.is_some();
        Ok((found.items.unwrap_or_default(), goes_on))
    }
}

/// The clicks of a page that are the person's. An erased one has nothing left to be shown or erased.
fn of_person(items: &[Item], traces: &Traces) -> Result<Vec<StoredClick>> {
    let mut clicks = Vec::new();
    for item in items {
        let stored = readable(item, StoredClick::of)?;
        clicks.extend(stored.filter(|stored: &StoredClick| traces.has_click(&stored.click) && !stored.click.erased));
    }
    Ok(clicks)
}
