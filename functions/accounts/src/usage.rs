//! `…/usage-meters`: usage of the owning account, today and on the days before.

use api::{ApiState, Creator, Member, Problem, account};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::accounts::Plan;
use domain::values::form::{self, Form};
use domain::values::moment::{Day, Moment};
use domain::values::name::{Handle, UserId};
use domain::values::zone::Zone;
use serde::Serialize;

/// The owning account's usage.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    handle: Handle,
    plan: Plan,
    time_zone: Zone,
    limits: Limits,
    usage: Used,
    /// The account's next midnight.
    resets_at: Moment,
    /// With `days`: the writes of that many local days, the oldest first and today last.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<UsedOn>>,
}

/// The writes of a local day.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsedOn {
    /// The day, as 20260401.
    writes_day: String,
    writes: u32,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub(crate) writes_per_day: u32,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Used {
    writes_today: u32,
    /// The account's local day, as 20260401.
    writes_day: String,
}

/// Days of which the writes are kept at least.
const MAX_DAYS: i64 = 30;

api::query_parameters!(UsageQuery, |form| Some(days(form)));

fn days(form: &mut Form<'_>) -> Option<i64> {
    form.optional("days", "Adds the writes of so many local days, today included.", form::integer(1..=MAX_DAYS))
}

/// Reads the usage of the account that owns the handle.
#[utoipa::path(get, path = "/v2/handles/{handle}/usage-meters", tag = "handles", security(("jwt" = [])),
    params(("handle" = Handle, Path), UsageQuery),
    responses((status = 200, description = "The usage.", body = Usage)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<Creator>,
    RawQuery(query): RawQuery,
) -> Result<Json<Usage>, Problem> {
    let days = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(days(form)))?;
    let owner = &member.profile.owner;
    let account = account(&app, owner).await?;
    let window = account.window(app.now());
    let used = app.store().limits().writes_used(owner, &window).await?;
    let days = match days {
        Some(days) => Some(writes_of(&app, owner, window.day, days).await?),
        None => None,
    };
    Ok(Json(Usage {
        handle: member.handle().clone(),
        plan: account.plan,
        time_zone: account.time_zone,
        limits: Limits { writes_per_day: window.limit },
        usage: Used { writes_today: used, writes_day: window.day.compact() },
        resets_at: window.ends,
        days,
    }))
}

/// The writes of the last days up to this one.
async fn writes_of(app: &ApiState, owner: &UserId, last: Day, days: i64) -> Result<Vec<UsedOn>, Problem> {
    let days: Vec<Day> = (1..=days).rev().map(|back| last.plus(1 - back)).collect();
    let used = app.store().limits().writes_used_on(owner, &days).await?;
    let on = |day: &Day| UsedOn { writes_day: day.compact(), writes: used.get(day).copied().unwrap_or_default() };
    Ok(days.iter().map(on).collect())
}
