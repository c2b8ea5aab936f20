//! `GET …/analytics`: clicks, conversions and revenue by one dimension over some days.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{RawQuery, State};
use domain::form::{Fault, Faults};
use domain::moment::{Day, Moment};
use domain::money::{Currency, amount};
use domain::name::{CampaignId, Handle, Slug};
use domain::rollup::{Dimension, Figures, Report, Selection};
use edge::{App, Creator, Member, Problem};
use serde::Serialize;
use serde_json::Number;

/// Days a report may cover.
const MOST_DAYS: i64 = 400;
const DEFAULT_DAYS: i64 = 30;
const SLA_MINUTES: i64 = 60;

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
    freshness: Freshness,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Row {
    key: String,
    #[serde(flatten)]
    totals: Totals,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    #[schema(value_type = u64)]
    clicks: i128,
    #[schema(value_type = u64)]
    bot_clicks: i128,
    /// Clicks that are not a bot's.
    #[schema(value_type = u64)]
    qualified_clicks: i128,
    #[schema(value_type = u64)]
    conversions: i128,
    /// Revenue in `currency`; other currencies are never added to it.
    #[schema(value_type = f64)]
    revenue: Number,
    /// The one currency of the report, or USD when there are several or none.
    currency: Currency,
    /// Revenue in each currency.
    #[schema(value_type = BTreeMap<String, f64>)]
    revenue_by_currency: BTreeMap<&'static str, Number>,
}

impl Totals {
    fn of(figures: &Figures, currency: Currency) -> Self {
        Self {
            clicks: figures.clicks,
            bot_clicks: figures.bot_clicks,
            qualified_clicks: figures.qualified_clicks(),
            conversions: figures.conversions,
            revenue: figures.revenue_in(currency),
            currency,
            revenue_by_currency: figures.revenue.iter().map(|(currency, minor)| (currency.code(), amount(*minor, *currency))).collect(),
        }
    }
}

/// How fresh the figures are.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Freshness {
    /// `FRESH` within the SLA, `STALE` after it, `UNKNOWN` without data.
    status: &'static str,
    last_updated_at: Option<Moment>,
    sla_minutes: i64,
}

impl Freshness {
    fn of(updated_at: Option<Moment>, now: Moment) -> Self {
        let status = match updated_at {
            None => "UNKNOWN",
            Some(at) if now.millis() - at.millis() <= SLA_MINUTES * 60_000 => "FRESH",
            Some(_) => "STALE",
        };
        Self { status, last_updated_at: updated_at, sla_minutes: SLA_MINUTES }
    }
}

struct Query {
    by: Dimension,
    selection: Selection,
    from: Day,
    to: Day,
}

impl Query {
    fn read(query: &str, today: Day) -> Result<Self, Faults> {
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !["groupBy", "campaignId", "slug", "from", "to"].contains(&&*name) {
                faults.push(Fault { field: name.into_owned(), message: "is not a known parameter".to_owned() });
            } else if members.insert(name.to_string(), value.into_owned()).is_some() {
                faults.push(Fault { field: name.into_owned(), message: "is given twice".to_owned() });
            }
        }
        let by = read(&members, "groupBy", &mut faults).unwrap_or(Dimension::Day);
        let campaign: Option<CampaignId> = read(&members, "campaignId", &mut faults);
        let slug: Option<Slug> = read(&members, "slug", &mut faults);
        let to = read(&members, "to", &mut faults).unwrap_or(today);
        let from = read(&members, "from", &mut faults).unwrap_or_else(|| to.plus(1 - DEFAULT_DAYS));
        if !(1..=MOST_DAYS).contains(&from.days_to(to)) {
            faults.push(Fault {
                field: "from".to_owned(),
                message: format!("must not be after to, nor more than {MOST_DAYS} days before it"),
            });
        }
        let selection = Selection::of(campaign, slug);
        if faults.is_empty() { Ok(Self { by, selection, from, to }) } else { Err(Faults(faults)) }
    }
}

fn read<T: std::str::FromStr>(members: &BTreeMap<String, String>, name: &str, faults: &mut Vec<Fault>) -> Option<T>
where
    T::Err: ToString,
{
    match members.get(name)?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(Fault { field: name.to_owned(), message: T::Err::to_string(&error) });
            None
        }
    }
}

/// Reports clicks, conversions and revenue by one dimension. Its cost grows with days and keys, never with clicks.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics", tag = "analytics", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("groupBy" = Option<String>, Query, description = "day (default), slug, country, device, referrer, source or campaign"),
        ("campaignId" = Option<CampaignId>, Query), ("slug" = Option<Slug>, Query),
        ("from" = Option<String>, Query, description = "First day, UTC, such as 2026-03-01; 29 days before `to` when left out."),
        ("to" = Option<String>, Query, description = "Last day, UTC, included; today when left out.")),
    responses((status = 200, description = "The report.", body = Analytics)))]
pub(crate) async fn handle(State(app): State<App>, member: Member<Creator>, RawQuery(query): RawQuery) -> Result<Json<Analytics>, Problem> {
    let now = app.now();
    let Query { by, selection, from, to } = Query::read(query.as_deref().unwrap_or_default(), now.day())?;
    let cells = app.store().cells(member.handle(), &selection, from, to).await?;
    let report = Report::of(cells.days.iter().map(|(day, counts)| (*day, counts)), by);
    let currency = currency_of(&report.totals);
    Ok(Json(Analytics {
        handle: member.handle().clone(),
        group_by: by.as_str(),
        from,
        to,
        rows: report.rows.iter().map(|(key, figures)| Row { key: key.clone(), totals: Totals::of(figures, currency) }).collect(),
        totals: Totals::of(&report.totals, currency),
        freshness: Freshness::of(cells.updated_at, now),
    }))
}

fn currency_of(totals: &Figures) -> Currency {
    let mut currencies = totals.revenue.keys();
    match (currencies.next(), currencies.next()) {
        (Some(only), None) => *only,
        _ => Currency::USD,
    }
}
