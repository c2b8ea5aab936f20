//! `GET …/analytics`: clicks, conversions and revenue by one dimension over some days, or the funnel of every campaign.

use api::{AnalyticsRead, ApiState, DayRange, Member, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::reports::confidence::Freshness;
use domain::reports::{Dimension, Selection};
use domain::values::form::{self, Faults, Form};
use domain::values::moment::{Day, Moment};
use domain::values::money::Currency;
use domain::values::name::{CampaignId, Handle, Slug};
use serde::Serialize;
use store::{Found, Store};

use crate::figures::{PenaltyView, Totals, rated, report};
use crate::funnel::{Funnel, deleted_campaign, funnel, known_campaigns};

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
    /// Days and hours in order; other dimensions by most clicks, at most 500 keys with the rest in `other`.
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
    /// True for a campaign that was deleted, in a report by campaign; its figures remain.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    deleted: bool,
    #[serde(flatten)]
    totals: Totals,
}

/// What is requested.
enum Query {
    Report(Box<Wanted>),
    Funnel(Option<CampaignId>, DayRange),
}

struct Wanted {
    by: Dimension,
    campaign: Option<CampaignId>,
    slug: Option<Slug>,
    range: DayRange,
    with_confidence: bool,
}

impl Query {
    fn read(query: &str, today: Day) -> Result<Self, Faults> {
        form::read_query(query, |form| Some(Self::fields(form, today)))
    }

    fn fields(form: &mut Form<'_>, today: Day) -> Self {
        let doc = "Answers a funnel: every campaign, or that of `campaignId`. Goes with `from` and `to`, not with `groupBy` or `slug`.";
        let is_funnel = form.optional("funnel", doc, form::boolean()).unwrap_or(false);
        for name in ["groupBy", "slug"].into_iter().filter(|name| is_funnel && form.has(name)) {
            form.fault(name, "cannot be combined with funnel=true, which reports whole campaigns");
        }
        let doc = "The dimension of the rows; day when left out. `hour` covers at most 7 days, by default the last 7.";
        let by = form.optional("groupBy", doc, form::parsed());
        let campaign = form.optional("campaignId", "Only what is credited to this campaign.", form::parsed());
        let slug = form.optional("slug", "Only this link; with `campaignId`, what it brought to that campaign.", form::parsed());
        let range = match by {
            Some(Dimension::Hour) => DayRange::read_by_hour(form, today),
            _ => DayRange::read(form, today),
        };
        let doc = "Adds `confidence` and `penalties`, derived from the totals.";
        let with_confidence = form.optional("confidence", doc, form::boolean()).unwrap_or(false);
        if is_funnel {
            return Self::Funnel(campaign, range);
        }
        Self::Report(Box::new(Wanted { by: by.unwrap_or(Dimension::Day), campaign, slug, range, with_confidence }))
    }
}

api::query_parameters!(ReportQuery, |form| Some(Query::fields(form, Moment::from_millis(0).day())));

/// Reports clicks, conversions and revenue by one dimension, or with `funnel=true` by campaign, with the reliability of each.
///
/// Its cost grows with days, keys and campaigns, never with clicks.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics", tag = "analytics", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ReportQuery),
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
    let Wanted { by, campaign, slug, range: DayRange { from, to }, with_confidence } = wanted;
    let own_currency = currency_of(store, handle, campaign.as_ref());
    let selection = Selection::of(campaign.clone(), slug);
    let cells = store.rollups().read(handle, &selection, Some(by), from, to);
    let (cells, own_currency, waiting_since) = futures::try_join!(cells, own_currency, store.system().waiting_since(handle))?;
    let campaigns = match by {
        Dimension::Campaign => Some(known_campaigns(store, handle).await?.ids()),
        _ => None,
    };
    let is_deleted = |key: &str| campaigns.as_ref().is_some_and(|known| deleted_campaign(key, known).is_some());
    let report = report(&cells, by);
    let currency = own_currency.unwrap_or_else(|| report.totals.main_currency());
    let freshness = Freshness::of(cells.updated_at, waiting_since, now);
    let (confidence, penalties) = with_confidence.then(|| rated(&report.totals, &freshness)).unzip();
    let row =
        |(key, figures): &(String, _)| ReportRow { key: key.clone(), deleted: is_deleted(key), totals: Totals::by(figures, currency, by) };
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

/// The currency of a campaign's reports. A deleted or damaged campaign has none, but its figures remain.
async fn currency_of(store: &Store, handle: &Handle, campaign: Option<&CampaignId>) -> store::Result<Option<Currency>> {
    let Some(id) = campaign else { return Ok(None) };
    Ok(match store.campaigns().find(handle, id).await? {
        Some(Found::Intact(campaign)) => campaign.currency,
        Some(Found::Damaged(_)) | None => None,
    })
}
