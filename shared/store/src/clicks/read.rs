//! Reading stored clicks in time order, one page of each shard at a time, so that memory does not grow with the number of clicks.

use std::collections::VecDeque;

use futures::future::try_join_all;

use domain::clicks::Click;
use domain::values::id::ClickId;
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::clicks::Clicks;
use crate::dynamo::{Database, doc, table, text};
use crate::error::{Error, Result};

/// Clicks of one shard read at once: few, since those a reader stops before are read again for its next page.
const PAGE: i32 = 100;

/// The clicks of one day in time order, merged from the day's shards.
pub struct ClicksInOrder {
    db: Database,
    shards: Vec<Shard>,
}

/// The remaining clicks of one shard.
struct Shard {
    pk: String,
    /// The last click read; the next page begins after it.
    after: String,
    ahead: VecDeque<Click>,
    is_at_end: bool,
}

impl Clicks<'_> {
    /// The clicks of a handle's day in time order with eventually consistent reads, from the first or after a given one.
    pub fn in_order(self, handle: &Handle, day: Day, after: Option<ClickId>) -> ClicksInOrder {
        // Every click's id sorts after a blank.
        let after = after.map_or(" ".to_owned(), |id| id.to_string());
        let shard =
            |number| Shard { pk: table::clicks(handle, day, number), after: after.clone(), ahead: VecDeque::new(), is_at_end: false };
        ClicksInOrder { db: self.db.clone(), shards: (0..table::CLICK_SHARDS).map(shard).collect() }
    }
}

impl Shard {
    fn needs_page(&self) -> bool {
        self.ahead.is_empty() && !self.is_at_end
    }

    async fn read_page(&mut self, db: &Database) -> Result<()> {
        while self.needs_page() {
            let query = db
                .query()
                .key_condition_expression("pk = :pk AND sk > :after")
                .expression_attribute_values(":pk", text(&self.pk))
                .expression_attribute_values(":after", text(&self.after))
                .limit(PAGE);
            let found = query.send().await.map_err(Error::call("Query"))?;
            self.is_at_end = found.last_evaluated_key().is_none();
            self.ahead = found.items().iter().map(doc).collect::<Result<_>>()?;
            if let Some(last) = self.ahead.back() {
                self.after = last.id.to_string();
            }
        }
        Ok(())
    }
}

impl ClicksInOrder {
    /// The next click; none at the end of the day.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn next(&mut self) -> Result<Option<Click>> {
        let Self { db, shards } = self;
        try_join_all(shards.iter_mut().filter(|shard| shard.needs_page()).map(|shard| shard.read_page(db))).await?;
        let first = shards.iter_mut().filter(|shard| !shard.ahead.is_empty()).min_by_key(|shard| shard.ahead.front().map(|click| click.id));
        Ok(first.and_then(|shard| shard.ahead.pop_front()))
    }
}
