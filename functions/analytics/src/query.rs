//! `GET …/analytics`: clicks, conversions and revenue by one dimension over some days, or every campaign's way from click to revenue.

use axum::Json;
use axum::extract::{RawQuery, State};
use domain::confidence::Freshness;
use domain::form::Faults;
use domain::moment::Day;
use domain::name::{CampaignId, Handle, Slug};
use domain::rollup::{Dimension, Selection};
use edge::{App, Creator, Member, Problem};
use serde::Serialize;

use crate::figures::{PenaltyView, Totals, judged, report};
use crate::parameters::{Parameters, Range};

const KNOWN: [&str; 7] = ["groupBy", "campaignId", "slug", "from", "to", "confidence", "funnel"];

/// A report.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Analytics {
    handle: Handle,
    group_by: &'static str,
    /// First day, UTC.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// Last day, UTC, included.
    #[schema(value_type = String, format = Date)]
    to: Day,
    /// Days in order; other dimensions by most clicks, at most 500 keys with the rest in `other`.
    rows: Vec<Row>,
    totals: Totals,
    /// How far the totals can be relied on, of 100; with `confidence=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100)]
    confidence: Option<u8>,
    /// Why not further.
    #[serde(skip_serializing_if = "Option::is_none")]
    penalties: Option<Vec<PenaltyView>>,
    freshness: Freshness,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Row {
    key: String,
    #[serde(flatten)]
    totals: Totals,
}

struct Query {
    by: Dimension,
    campaign: Option<CampaignId>,
    slug: Option<Slug>,
    range: Range,
    with_confidence: bool,
}

impl Query {
    fn read(query: &str, today: Day) -> Result<Self, Faults> {
        let mut parameters = Parameters::open(query, &KNOWN);
        let read = Self {
            by: parameters.read("groupBy").unwrap_or(Dimension::Day),
            campaign: parameters.read("campaignId"),
            slug: parameters.read("slug"),
            range: parameters.range(today),
            with_confidence: parameters.flag("confidence"),
        };
        parameters.settle(read)
    }
}

/// Reports clicks, conversions and revenue by one dimension. Its cost grows with days and keys, never with clicks.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics", tag = "analytics", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("groupBy" = Option<String>, Query, description = "day (default), slug, country, device, referrer, segment, source or campaign"),
        ("campaignId" = Option<CampaignId>, Query), ("slug" = Option<Slug>, Query, description = "With campaignId: what this link brought to that campaign."),
        ("from" = Option<String>, Query, description = "First day, UTC, such as 2026-03-01; 29 days before `to` when left out."),
        ("to" = Option<String>, Query, description = "Last day, UTC, included; today when left out."),
        ("confidence" = Option<bool>, Query, description = "Adds `confidence` and `penalties`, judged from the totals.")),
    responses((status = 200, description = "The report.", body = Analytics)))]
pub(crate) async fn handle(State(app): State<App>, member: Member<Creator>, RawQuery(query): RawQuery) -> Result<Json<Analytics>, Problem> {
    let now = app.now();
    let Query { by, campaign, slug, range: Range { from, to }, with_confidence } =
        Query::read(query.as_deref().unwrap_or_default(), now.day())?;
    let cells = app.store().cells(member.handle(), &Selection::of(campaign, slug), from, to).await?;
    let report = report(&cells, by);
    let currency = report.totals.main_currency();
    let freshness = Freshness::of(cells.updated_at, now);
    let (confidence, penalties) = with_confidence.then(|| judged(&report.totals, &freshness)).unzip();
    let row = |(key, figures): &(String, _)| Row { key: key.clone(), totals: Totals::by(figures, currency, by) };
    Ok(Json(Analytics {
        handle: member.handle().clone(),
        group_by: by.as_str(),
        from,
        to,
        rows: report.rows.iter().map(row).collect(),
        totals: Totals::by(&report.totals, currency, by),
        confidence,
        penalties,
        freshness,
    }))
}
