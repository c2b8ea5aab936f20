//! Reading conversions.

use domain::values::id::ConversionId;
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::conversions::stored::{self, StoredConversion, stored};
use crate::dynamo::{Database, Found, ListCursor, ListRange, Page, decode_cursor, encode_cursor, found, table};
use crate::error::Result;
use crate::outbox::Pointer;
use crate::rollups::Rollups;

/// Sorts before every id.
const FIRST: &str = " ";
/// Sorts after every id.
const AFTER_ALL: &str = "~";

/// Handle of the conversions: `store.conversions()`.
#[derive(Clone, Copy, Debug)]
pub struct Conversions<'a> {
    pub(super) db: &'a Database,
    pub(super) rollups: Rollups<'a>,
}

impl<'a> Conversions<'a> {
    pub(crate) fn new(db: &'a Database, rollups: Rollups<'a>) -> Self {
        Self { db, rollups }
    }

    /// The conversion a pointer names.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn at(self, pointer: &Pointer) -> Result<Option<StoredConversion>> {
        self.db.get(&pointer.key()).await?.as_ref().map(stored).transpose()
    }

    /// One conversion by its id, whose moment is in the month it is listed in: one `Query` of the `list` index, which lags, and one
    /// `BatchGetItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, id: ConversionId) -> Result<Option<StoredConversion>> {
        let range = ListRange::of_month(1, table::conversions(handle, id.moment().day())).between(id, id);
        let (items, _) = self.db.listed(range).await?;
        items.first().map(|(_, item)| stored(item)).transpose()
    }

    /// A conversion as it is now: one or two consistent `GetItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn reload(self, conversion: &StoredConversion) -> Result<Option<StoredConversion>> {
        stored::find(self.db, &conversion.at.pk, &conversion.conversion.handle, conversion.conversion.id).await
    }

    /// A handle's conversions from the month of `newest` back to that of `oldest`, newest first: at least one `Query` of the
    /// `list` index, which lags, per month, and one `BatchGetItem` for a hundred conversions.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(
        self,
        handle: &Handle,
        newest: Day,
        oldest: Day,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<StoredConversion>> {
        let (mut items, mut damaged): (Vec<StoredConversion>, Vec<String>) = (Vec::new(), Vec::new());
        let list = format!("CONVS#{handle}");
        let last: Option<ConversionId> = decode_cursor(&list, cursor)?.and_then(|id| id.parse().ok());
        let mut day = last.map_or(newest, |id| id.moment().day());
        let mut before = last.map_or_else(|| AFTER_ALL.to_owned(), preceding);
        let mut after: Option<ListCursor> = None;
        loop {
            let range =
                ListRange::of_month(limit + 1 - items.len(), table::conversions(handle, day)).between(FIRST, &before).newest_first();
            let (listed, next) = self.db.listed(range.after(after)).await?;
            for (position, item) in listed {
                match found(&item, stored)? {
                    Found::Intact(conversion) => items.push(conversion),
                    Found::Damaged(_) => damaged.push(position),
                }
            }
            if items.len() > limit {
                items.truncate(limit);
                let last = items.last().map(|last| last.conversion.id.to_string());
                // The next page names those after it again.
                damaged.retain(|id| last.as_ref().is_none_or(|last| id > last));
                let next_cursor = last.map(|last| encode_cursor(&list, &last));
                return Ok(Page { items, next_cursor, damaged });
            }
            after = next;
            if after.is_none() {
                day = last_of_previous_month(day);
                before = AFTER_ALL.to_owned();
                if day.month() < oldest.month() {
                    return Ok(Page { items, next_cursor: None, damaged });
                }
            }
        }
    }
}

/// The last id before this one.
fn preceding(id: ConversionId) -> String {
    ConversionId::from_bytes(u128::from_be_bytes(id.to_bytes()).saturating_sub(1).to_be_bytes()).to_string()
}

fn last_of_previous_month(day: Day) -> Day {
    let mut last = day;
    while last.month() == day.month() {
        last = last.plus(-1);
    }
    last
}
