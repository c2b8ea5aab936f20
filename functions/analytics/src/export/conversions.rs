//! One row a ledger entry, in time order: conversions and their adjustments.

use api::{DayRange, Problem};
use domain::conversions::Trust;
use domain::conversions::ledger::{LedgerEntry, LedgerEntryKind};
use domain::values::id::{ClickId, ConversionId};
use domain::values::moment::Moment;
use domain::values::money::Currency;
use domain::values::name::{CampaignId, EventType, Slug};
use serde::Serialize;
use serde_json::Number;
use store::Store;

use super::query::{Cursor, ExportQuery};
use super::sheet::{ExportPage, MAX_SCANNED, Sheet};

/// Entries read by one query; a response ends between two such pages, so they are small.
const PAGE_SIZE: usize = 200;

const COLUMNS: [&str; 13] =
    ["entryId", "kind", "conversionId", "at", "slug", "campaignId", "clickId", "eventType", "amount", "currency", "reason", "trust", "bot"];

/// An entry of the ledger.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryRow {
    entry_id: String,
    kind: LedgerEntryKind,
    conversion_id: ConversionId,
    /// When it was written; it counts on this day.
    at: Moment,
    slug: Slug,
    campaign_id: Option<CampaignId>,
    click_id: ClickId,
    event_type: EventType,
    /// The value of the conversion, or the amount of the adjustment: a refund is negative.
    #[schema(value_type = Option<f64>)]
    amount: Option<Number>,
    currency: Option<Currency>,
    /// Why it was adjusted.
    reason: Option<String>,
    trust: Trust,
    /// Whether the click was classified as a bot's.
    bot: bool,
}

impl EntryRow {
    fn of(entry: LedgerEntry) -> Self {
        Self {
            entry_id: entry.id.to_string(),
            kind: entry.kind(),
            conversion_id: entry.conversion_id,
            at: entry.at,
            slug: entry.slug,
            campaign_id: entry.campaign_id,
            click_id: entry.click_id,
            event_type: entry.event_type,
            amount: entry.amount.map(domain::values::money::MoneyChange::amount),
            currency: entry.amount.map(|amount| amount.currency),
            reason: entry.reason,
            trust: entry.trust,
            bot: entry.bot,
        }
    }
}

/// The entries from the cursor on, up to the size of one response.
pub(super) async fn page(store: &Store, query: &ExportQuery) -> Result<ExportPage<EntryRow>, Problem> {
    let mut cursor = match &query.cursor {
        Some(Cursor::Entry(cursor)) => Some(cursor.clone()),
        Some(Cursor::Click(_)) | None => None,
    };
    let DayRange { from, to } = query.range;
    let mut sheet = Sheet::begin(query.format, COLUMNS.map(str::to_owned).to_vec(), cursor.is_none())?;
    let mut scanned = 0;
    loop {
        let entries = store.ledger().entries(&query.handle, from, to, PAGE_SIZE, cursor.as_deref()).await?;
        scanned += entries.items.len();
        for entry in entries.items {
            if query.keeps(&entry.slug, entry.campaign_id.as_ref()) {
                sheet.push(EntryRow::of(entry))?;
            }
        }
        cursor = entries.next_cursor;
        if cursor.is_none() || sheet.is_full() || scanned >= MAX_SCANNED {
            return Ok(ExportPage { sheet, next_cursor: cursor });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_members_of_a_row_in_their_order() {
        let at = Moment::from_millis(1_772_366_400_000);
        let id = ConversionId::new(at, 1);
        let row = EntryRow {
            entry_id: id.to_string(),
            kind: LedgerEntryKind::Conversion,
            conversion_id: id,
            at,
            slug: "launch".parse().unwrap(),
            campaign_id: None,
            click_id: ClickId::new(at, 1),
            event_type: "purchase".parse().unwrap(),
            amount: None,
            currency: None,
            reason: None,
            trust: Trust::Claimed,
            bot: false,
        };
        let row = serde_json::to_value(row).unwrap();
        assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), COLUMNS);
    }
}
