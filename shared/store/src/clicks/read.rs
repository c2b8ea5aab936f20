//! Reading stored clicks in time order, one page of each shard at a time, so that memory does not grow with the number of clicks.

use std::collections::VecDeque;

use futures::future::try_join_all;

use domain::clicks::Click;
use domain::values::id::ClickId;
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::clicks::Clicks;
use crate::dynamo::{Database, Found, Item, doc, found, string, table, text};
use crate::error::{Error, Result};

/// Clicks of one shard read at once: few, since those a reader stops before are read again for its next page.
const PAGE: i32 = 100;

/// The clicks of one day in time order or newest first, merged from the day's shards.
pub struct ClicksInOrder {
    db: Database,
    shards: Vec<Shard>,
    direction: Direction,
    /// Clicks of one shard read at once.
    page: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    OldestFirst,
    NewestFirst,
}

impl Direction {
    fn condition(self) -> &'static str {
        match self {
            Self::OldestFirst => "pk = :pk AND sk > :last",
            Self::NewestFirst => "pk = :pk AND sk < :last",
        }
    }
}

/// The remaining clicks of one shard.
struct Shard {
    pk: String,
    /// The last click read; the next page begins after it.
    last: String,
    /// By their ids.
    ahead: VecDeque<(String, Item)>,
    is_at_end: bool,
}

impl Clicks<'_> {
    /// The clicks of a handle's day in time order with eventually consistent reads, from the first or after a given one.
    pub fn in_order(self, handle: &Handle, day: Day, after: Option<ClickId>) -> ClicksInOrder {
        // Every click's id sorts after a blank.
        let after = after.map_or(" ".to_owned(), |id| id.to_string());
        self.merged(handle, day, Direction::OldestFirst, &after, PAGE)
    }

    /// The same, newest first and from before a given click. A reader that wants `wanted` of them costs one `Query` for each of the
    /// day's shards, of twice the clicks that fall to it on average, and further ones where that is not enough.
    pub fn newest_first(self, handle: &Handle, day: Day, before: ClickId, wanted: usize) -> ClicksInOrder {
        let shards = usize::try_from(table::CLICK_SHARDS).unwrap_or(1);
        let page = i32::try_from(2 * wanted.div_ceil(shards)).unwrap_or(PAGE).min(PAGE);
        self.merged(handle, day, Direction::NewestFirst, &before.to_string(), page)
    }

    fn merged(self, handle: &Handle, day: Day, direction: Direction, last: &str, page: i32) -> ClicksInOrder {
        let shard = |number| {
            let pk = table::clicks(handle, day, number);
            Shard { pk, last: last.to_owned(), ahead: VecDeque::new(), is_at_end: false }
        };
        ClicksInOrder { db: self.db.clone(), shards: (0..table::CLICK_SHARDS).map(shard).collect(), direction, page }
    }
}

impl Shard {
    fn needs_page(&self) -> bool {
        self.ahead.is_empty() && !self.is_at_end
    }

    async fn read_page(&mut self, db: &Database, direction: Direction, page: i32) -> Result<()> {
        while self.needs_page() {
            let query = db
                .query()
                .key_condition_expression(direction.condition())
                .expression_attribute_values(":pk", text(&self.pk))
                .expression_attribute_values(":last", text(&self.last))
                .scan_index_forward(direction == Direction::OldestFirst)
                .limit(page);
            let found = query.send().await.map_err(Error::call("Query"))?;
            self.is_at_end = found.last_evaluated_key().is_none();
            self.ahead = found
                .items
                .unwrap_or_default()
                .into_iter()
                .map(|item| Ok((string(&item, "sk")?.to_owned(), item)))
                .collect::<Result<_>>()?;
            if let Some((last, _)) = self.ahead.back() {
                self.last.clone_from(last);
            }
        }
        Ok(())
    }
}

impl ClicksInOrder {
    /// The next click; none at the end of the day.
    ///
    /// # Errors
    /// When the table is unavailable, or the click cannot be decoded.
    pub async fn next(&mut self) -> Result<Option<Click>> {
        self.next_item().await?.map(|(_, item)| doc(&item)).transpose()
    }

    /// The next click, damaged or not, with its id; none at the end of the day.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn next_found(&mut self) -> Result<Option<(String, Found<Click>)>> {
        self.next_item().await?.map(|(id, item)| Ok((id, found(&item, doc)?))).transpose()
    }

    async fn next_item(&mut self) -> Result<Option<(String, Item)>> {
        let Self { db, shards, direction, page } = self;
        try_join_all(shards.iter_mut().filter(|shard| shard.needs_page()).map(|shard| shard.read_page(db, *direction, *page))).await?;
        let id = |shard: &Shard| shard.ahead.front().map(|(id, _)| id.clone());
        let rest = shards.iter_mut().filter(|shard| !shard.ahead.is_empty());
        let next = match direction {
            Direction::OldestFirst => rest.min_by_key(|shard| id(shard)),
            Direction::NewestFirst => rest.max_by_key(|shard| id(shard)),
        };
        Ok(next.and_then(|shard| shard.ahead.pop_front()))
    }
}
