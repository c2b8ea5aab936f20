//! Reading raw clicks back in time order, a page of each shard at a time, so that memory does not grow with the clicks.

use std::collections::VecDeque;

use futures::future::try_join_all;

use domain::clicks::Click;
use domain::values::id::ClickId;
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::Store;
use crate::dynamo::item::{doc, text};
use crate::dynamo::table;
use crate::error::{Error, Result};

/// Clicks of one shard read at once: few, since those a reader stops before are read again on its next page.
const PAGE: i32 = 100;

/// The clicks of one day in time order, merged from the day's shards.
pub struct ClicksInOrder {
    store: Store,
    shards: Vec<Shard>,
}

/// One shard's clicks from here on.
struct Shard {
    pk: String,
    /// The last click read; the next page begins after it.
    after: String,
    ahead: VecDeque<Click>,
    ended: bool,
}

impl Store {
    /// The clicks of a handle's day in time order, from the first or after a known one.
    pub fn clicks_in_order(&self, handle: &Handle, day: Day, after: Option<ClickId>) -> ClicksInOrder {
        // Every click's id sorts after a blank.
        let after = after.map_or(" ".to_owned(), |id| id.to_string());
        let shard = |number| Shard { pk: table::clicks(handle, day, number), after: after.clone(), ahead: VecDeque::new(), ended: false };
        ClicksInOrder { store: self.clone(), shards: (0..table::CLICK_SHARDS).map(shard).collect() }
    }

    async fn read_ahead(&self, shard: &mut Shard) -> Result<()> {
        while shard.ahead.is_empty() && !shard.ended {
            let query = self
                .db
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND sk > :after")
                .expression_attribute_values(":pk", text(&shard.pk))
                .expression_attribute_values(":after", text(&shard.after))
                .limit(PAGE);
            let found = query.send().await.map_err(Error::call("Query"))?;
            shard.ended = found.last_evaluated_key().is_none();
            shard.ahead = found.items().iter().map(doc).collect::<Result<_>>()?;
            if let Some(last) = shard.ahead.back() {
                shard.after = last.id.to_string();
            }
        }
        Ok(())
    }
}

impl ClicksInOrder {
    /// The next click, if there is one.
    pub async fn next(&mut self) -> Result<Option<Click>> {
        let Self { store, shards } = self;
        try_join_all(shards.iter_mut().filter(|shard| shard.ahead.is_empty() && !shard.ended).map(|shard| store.read_ahead(shard))).await?;
        let first = shards.iter_mut().filter(|shard| !shard.ahead.is_empty()).min_by_key(|shard| shard.ahead.front().map(|click| click.id));
        Ok(first.and_then(|shard| shard.ahead.pop_front()))
    }
}
