//! The stored clicks of a day, page by page.

use domain::values::id::ClickId;
use domain::values::moment::Day;
use domain::values::name::Handle;
use store::{Result, Store, StoredClick};

/// All stored clicks of a handle's day, page by page.
pub struct ClickPages<'s> {
    store: &'s Store,
    handle: &'s Handle,
    day: Day,
    shard: u32,
    after: Option<ClickId>,
}

impl<'s> ClickPages<'s> {
    /// Before the first page.
    pub fn of(store: &'s Store, handle: &'s Handle, day: Day) -> Self {
        Self { store, handle, day, shard: 0, after: None }
    }

    /// The next page; none at the end.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredClick>>> {
        while self.shard < store::table::CLICK_SHARDS {
            let (page, more) = self.store.clicks().stored_page(self.handle, self.day, self.shard, self.after).await?;
            self.after = page.last().map(|last| last.click.id).filter(|_| more);
            if self.after.is_none() {
                self.shard += 1;
            }
            if !page.is_empty() {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }
}
