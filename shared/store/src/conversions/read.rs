//! Reading conversions.

use domain::values::id::ConversionId;
use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::conversions::stored::{self, StoredConversion, stored};
use crate::dynamo::{Database, Item, ListRange, Listed, Page, Stretch, decode_cursor, found, string, table, text};
use crate::error::{Error, Result};
use crate::outbox::Pointer;
use crate::rollups::Rollups;

/// Conversions that one page of a filtered list looks at, but for those of its last query.
const MAX_SCANNED: usize = 1000;
/// Conversions that one query of a filtered list reads.
const FILTERED_READ: usize = 200;

/// Which part of a list of conversions is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Paged<'a> {
    /// Conversions a page.
    pub limit: usize,
    /// The cursor of the page before.
    pub cursor: Option<&'a str>,
    /// Whether few of the conversions may pass, so that more are read at once.
    pub is_filtered: bool,
}

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

    /// The conversions that a key has had, newest first: that which holds it, and those it has outlived. One `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn of_key(self, handle: &Handle, key_digest: &str) -> Result<Stretch<StoredConversion>> {
        let partition = table::conversion(handle, key_digest).pk;
        let query = self.db.query().key_condition_expression("pk = :pk").consistent_read(true);
        let query = query.expression_attribute_values(":pk", text(&partition));
        let answer = query.send().await.map_err(Error::call("Query"))?;
        let mut entries = answer.items().iter().map(listed).collect::<Result<Vec<_>>>()?;
        entries.sort_by(|one, other| other.position.cmp(&one.position));
        Ok(Stretch::new(&partition, entries, None))
    }

    /// A page of a handle's conversions between two moments that pass, newest first: at least one `Query` of each partition of the
    /// `list` index, which lags, per month, and one `BatchGetItem` for a hundred conversions. With a filter it looks at 1,000 at most.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list(
        self,
        handle: &Handle,
        (oldest, newest): (Moment, Moment),
        Paged { limit, cursor, is_filtered }: Paged<'_>,
        passes: impl Fn(&StoredConversion) -> bool,
    ) -> Result<Page<StoredConversion>> {
        let list = format!("CONVS#{handle}");
        let last: Option<ConversionId> = decode_cursor(&list, cursor)?.and_then(|id| id.parse().ok());
        let (lowest, latest) = (ConversionId::new(oldest, 0), ConversionId::new(newest, u128::MAX));
        let mut highest = last.map_or(latest, |last| last.before().min(latest));
        let (mut entries, mut passing): (Vec<Listed<StoredConversion>>, usize) = (Vec::new(), 0);
        while lowest <= highest {
            let most = if is_filtered { FILTERED_READ } else { limit + 1 - passing };
            let (month, next) = self.of_month(handle, (lowest, highest), most).await?;
            for item in &month {
                let entry = listed(item)?;
                passing += usize::from(entry.value.intact().is_some_and(&passes));
                entries.push(entry);
            }
            let end_of_last_month = || highest.moment().day().first_of_month().start().plus_millis(-1);
            highest = next.unwrap_or_else(|| ConversionId::new(end_of_last_month(), u128::MAX));
            if passing > limit || entries.len() >= MAX_SCANNED {
                let end = entries.last().filter(|_| lowest <= highest).map(|last| last.position.clone());
                return Ok(Stretch::new(&list, entries, end).into_page(limit, passes));
            }
        }
        Ok(Stretch::new(&list, entries, None).into_page(limit, passes))
    }

    /// At most `most` conversions between two ids in the month of the greater one, newest first, and the id at which the month goes on.
    async fn of_month(
        self,
        handle: &Handle,
        (lowest, highest): (ConversionId, ConversionId),
        most: usize,
    ) -> Result<(Vec<Item>, Option<ConversionId>)> {
        let month = table::conversions(handle, highest.moment().day());
        let range = ListRange::of_month(most, month).between(lowest, highest).newest_first();
        let (entries, goes_on) = self.db.list_entries(range).await?;
        let last = entries.last().filter(|_| goes_on.is_some());
        let next = last.and_then(|last| last.position.parse::<ConversionId>().ok()).map(ConversionId::before);
        let items = self.db.items_of(&entries).await?.into_iter().map(|(_, item)| item).collect();
        Ok((items, next))
    }
}

fn listed(item: &Item) -> Result<Listed<StoredConversion>> {
    let id = string(item, "listSk")?.to_owned();
    Ok(Listed { position: id.clone(), name: id, value: found(item, stored)? })
}
