//! `GET …/analytics`: clicks, conversions and revenue by one dimension over some days, or the funnel of every campaign.

use api::{AnalyticsRead, ApiState, Member, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::reports::confidence::Freshness;
use domain::reports::{Dimension, Selection};
use domain::values::form::Faults;
use domain::values::moment::{Day, Moment};
use domain::values::money::Currency;
use domain::values::name::{CampaignId, Handle, Slug};
use serde::Serialize;
use store::Store;

use crate::figures::{PenaltyView, Totals, rated, report};
use crate::funnel::{Funnel, funnel};
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
    rows: Vec<ReportRow>,
    totals: Totals,
    /// How reliable the totals are, out of 100; with `confidence=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100)]
    confidence: Option<u8>,
    /// What reduces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    penalties: Option<Vec<PenaltyView>>,
    freshness: Freshness,
}

/// A report or a funnel.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum ReportOrFunnel {
    Report(Box<Analytics>),
    Funnel(Funnel),
}

/// One key of the dimension.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReportRow {
    key: String,
    #[serde(flatten)]
    totals: Totals,
}

/// What is asked for.
enum Query {
    Report(Box<Wanted>),
    Funnel(Option<CampaignId>, Range),
}

struct Wanted {
    by: Dimension,
    campaign: Option<CampaignId>,
    slug: Option<Slug>,
    range: Range,
    with_confidence: bool,
}

impl Query {
    fn read(query: &str, today: Day) -> Result<Self, Faults> {
        let mut parameters = Parameters::open(query, &KNOWN);
        let is_funnel = parameters.flag("funnel");
        let wanted = Wanted {
            by: parameters.read("groupBy").unwrap_or(Dimension::Day),
            campaign: parameters.read("campaignId"),
            slug: parameters.read("slug"),
            range: parameters.range(today),
            with_confidence: parameters.flag("confidence"),
        };
        for name in ["groupBy", "slug"].into_iter().filter(|_| is_funnel) {
            if parameters.text(name).is_some() {
                parameters.fault(name, "cannot be combined with funnel=true, which reports whole campaigns");
            }
        }
        let read = if is_funnel { Self::Funnel(wanted.campaign, wanted.range) } else { Self::Report(Box::new(wanted)) };
        parameters.settle(read)
    }
}

/// Reports clicks, conversions and revenue by one dimension, or with `funnel=true` by campaign, with the reliability of each.
///
/// Its cost grows with days, keys and campaigns, never with clicks.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics", tag = "analytics", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ("groupBy" = Option<String>, Query, description = "day (default), slug, country, device, referrer, segment, source or campaign"),
        ("campaignId" = Option<CampaignId>, Query), ("slug" = Option<Slug>, Query, description = "With campaignId: the figures of this link in that campaign."),
        ("from" = Option<String>, Query, description = "First day, UTC, such as 2026-03-01; 29 days before `to` when left out."),
        ("to" = Option<String>, Query, description = "Last day, UTC, included; today when left out."),
        ("confidence" = Option<bool>, Query, description = "Adds `confidence` and `penalties`, computed from the totals."),
        ("funnel" = Option<bool>, Query, description = "Returns a funnel: every campaign, or that of campaignId. Combines with from and to, not with groupBy or slug.")),
    responses((status = 200, description = "The report, or the funnel.", body = ReportOrFunnel)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<AnalyticsRead>,
    RawQuery(query): RawQuery,
) -> Result<Json<ReportOrFunnel>, Problem> {
    let now = app.now();
    let answer = match Query::read(query.as_deref().unwrap_or_default(), now.day())? {
        Query::Report(wanted) => ReportOrFunnel::Report(Box::new(report_of(app.store(), member.handle(), *wanted, now).await?)),
        Query::Funnel(campaign, range) => ReportOrFunnel::Funnel(funnel(app.store(), member.handle(), campaign, range, now).await?),
    };
    Ok(Json(answer))
}

async fn report_of(store: &Store, handle: &Handle, wanted: Wanted, now: Moment) -> Result<Analytics, Problem> {
    let Wanted { by, campaign, slug, range: Range { from, to }, with_confidence } = wanted;
    let own_currency = currency_of(store, handle, campaign.as_ref());
    let selection = Selection::of(campaign.clone(), slug);
    let (cells, own_currency) = futures::try_join!(store.rollups().read(handle, &selection, from, to), own_currency)?;
    let report = report(&cells, by);
    let currency = own_currency.unwrap_or_else(|| report.totals.main_currency());
    let freshness = Freshness::of(cells.updated_at, now);
    let (confidence, penalties) = with_confidence.then(|| rated(&report.totals, &freshness)).unzip();
    let row = |(key, figures): &(String, _)| ReportRow { key: key.clone(), totals: Totals::by(figures, currency, by) };
    Ok(Analytics {
        handle: handle.clone(),
        group_by: by.as_str(),
        from,
        to,
        rows: report.rows.iter().map(row).collect(),
        totals: Totals::by(&report.totals, currency, by),
        confidence,
        penalties,
        freshness,
    })
}

/// The currency of a campaign's reports. A deleted campaign has none, but its figures remain.
async fn currency_of(store: &Store, handle: &Handle, campaign: Option<&CampaignId>) -> store::Result<Option<Currency>> {
    let Some(id) = campaign else { return Ok(None) };
    Ok(store.campaigns().get(handle, id).await?.and_then(|campaign| campaign.currency))
}
