//! One row a raw click, in time order.

use api::Problem;
use domain::clicks::Click;
use domain::clicks::ctx::Consent;
use domain::reports::Dimension;
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::{CampaignId, SessionId, Slug};
use serde::Serialize;
use store::Store;

use super::query::{Cursor, ExportQuery};
use super::sheet::{ExportPage, MAX_SCANNED, Sheet};
use crate::figures::report;

const COLUMNS: [&str; 19] = [
    "clickId",
    "clickedAt",
    "slug",
    "linkVersion",
    "campaignId",
    "verdict",
    "reasons",
    "classifier",
    "country",
    "device",
    "source",
    "referrer",
    "campaign",
    "language",
    "sessionId",
    "segments",
    "rule",
    "consent",
    "userAgent",
];

/// A click.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClickRow {
    click_id: ClickId,
    clicked_at: Moment,
    slug: Slug,
    link_version: u64,
    campaign_id: Option<CampaignId>,
    /// `human` or `bot`.
    verdict: &'static str,
    /// Why it was classified as a bot's.
    reasons: Vec<String>,
    /// The version of the classifier.
    classifier: u16,
    country: String,
    device: String,
    source: String,
    referrer: String,
    /// The campaign parameter of the visit.
    campaign: Option<String>,
    language: Option<String>,
    session_id: Option<SessionId>,
    segments: Vec<String>,
    /// The rule that decided.
    rule: Option<String>,
    consent: Consent,
    user_agent: Option<String>,
}

impl ClickRow {
    pub(crate) fn of(click: Click) -> Self {
        Self {
            click_id: click.id,
            clicked_at: click.at(),
            slug: click.slug,
            link_version: click.link_version,
            campaign_id: click.campaign_id,
            verdict: if click.bot { "bot" } else { "human" },
            reasons: click.reasons,
            classifier: click.classifier,
            country: click.country,
            device: click.device,
            source: click.source,
            referrer: click.referrer,
            campaign: click.campaign,
            language: click.language,
            session_id: click.session_id,
            segments: click.segments,
            rule: click.rule,
            consent: click.consent,
            user_agent: click.user_agent,
        }
    }
}

/// The clicks from the cursor on, up to the size of one response.
pub(super) async fn page(store: &Store, query: &ExportQuery) -> Result<ExportPage<ClickRow>, Problem> {
    let mut last = match query.cursor {
        Some(Cursor::Click(id)) => Some(id),
        Some(Cursor::Entry(_)) | None => None,
    };
    let mut sheet = Sheet::begin(query.format, COLUMNS.map(str::to_owned).to_vec(), last.is_none())?;
    let mut scanned = 0;
    for day in days(store, query, last).await? {
        let mut clicks = store.clicks().in_order(&query.handle, day, last.filter(|id| id.moment().day() == day));
        while let Some(click) = clicks.next().await? {
            if sheet.is_full() || scanned == MAX_SCANNED {
                return Ok(ExportPage { sheet, next_cursor: last.map(|id| id.to_string()) });
            }
            scanned += 1;
            last = Some(click.id);
            if query.keeps(&click.slug, click.campaign_id.as_ref()) {
                sheet.push(ClickRow::of(click))?;
            }
        }
    }
    Ok(ExportPage { sheet, next_cursor: None })
}

/// The days that have such clicks according to the rollups: a wide range over a quiet link costs little.
async fn days(store: &Store, query: &ExportQuery, last: Option<ClickId>) -> Result<Vec<Day>, Problem> {
    let from = last.map_or(query.range.from, |id| id.moment().day());
    let cells = store.rollups().read(&query.handle, &query.selection(), Some(Dimension::Day), from, query.range.to).await?;
    let rows = report(&cells, Dimension::Day).rows.into_iter().filter(|(_, figures)| figures.clicks > 0);
    Ok(rows.filter_map(|(day, _)| day.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_members_of_a_row_in_their_order() {
        let click = serde_json::json!({"id": "clk_01JZ0000000000000000000000", "handle": "demo", "slug": "launch", "linkVersion": 1, "bot": true,
            "classifier": 1, "country": "DE", "device": "BOT", "source": "direct", "referrer": "direct", "consent": "full"});
        let row = serde_json::to_value(ClickRow::of(serde_json::from_value(click).unwrap())).unwrap();
        assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), COLUMNS);
    }
}
