//! `/v2/account`: the caller's own account: plan, time zone, and what is left of today's writes.

use api::{ApiState, JsonBody, Problem, User, account, charge};
use axum::Json;
use axum::extract::State;
use domain::accounts::{Account, Feature, Plan};
use domain::values::moment::Moment;
use domain::values::name::UserId;
use domain::values::zone::Zone;
use serde::Serialize;
use serde_json::json;

use crate::usage::Limits;

api::request_body!(ZoneChange, "The time zone to set.", Account::zone_body(), {"timeZone": "Europe/Berlin"});

/// The caller's own account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnAccount {
    user_id: UserId,
    plan: Plan,
    time_zone: Zone,
    /// Whether the caller may use `/v2/platform-admin`.
    platform_admin: bool,
    /// What the plan includes besides its writes.
    features: Vec<Feature>,
    limits: Limits,
    /// Writes of the present day, to all handles that the account owns.
    writes_today: u32,
    /// The account's local day, as 20260401.
    writes_day: String,
    /// The account's next midnight, when the writes start again.
    resets_at: Moment,
}

/// Reads the caller's own account: who calls, what the plan includes, and how many writes of the day are used.
#[utoipa::path(get, path = "/v2/account", tag = "account", security(("jwt" = [])),
    responses((status = 200, description = "The account.", body = OwnAccount)))]
pub(crate) async fn get(State(app): State<ApiState>, user: User) -> Result<Json<OwnAccount>, Problem> {
    let account = account(&app, &user.id).await?;
    show(&app, user, account).await
}

/// Sets the time zone of the caller's own account.
///
/// It is charged to the account, in the day of the zone before, unless the account has this zone already. The writes of a local day
/// count once, in whichever zone that day is reached.
#[utoipa::path(put, path = "/v2/account", tag = "account", security(("jwt" = [])), request_body = ZoneChange,
    responses((status = 200, description = "The account.", body = OwnAccount)))]
pub(crate) async fn put(State(app): State<ApiState>, user: User, JsonBody(body): JsonBody) -> Result<Json<OwnAccount>, Problem> {
    let before = account(&app, &user.id).await?;
    if before.change_zone(body.clone())? == before {
        return show(&app, user, before).await;
    }
    charge(&app, &user.id).await?;
    let edit = |before: Option<Account>| {
        let before = before.unwrap_or_else(|| Account::with_plan(app.settings().default_plan));
        let account = before.change_zone(body.clone())?;
        let event = user.event(&app, "account.updated", &user.id).between(json!(before), json!(account));
        Ok::<_, Problem>((account, event))
    };
    let account = app.store().accounts().change(&user.id, edit).await?;
    show(&app, user, account).await
}

async fn show(app: &ApiState, user: User, account: Account) -> Result<Json<OwnAccount>, Problem> {
    let window = account.window(app.now());
    let writes_today = app.store().limits().writes_used(&user.id, &window).await?;
    Ok(Json(OwnAccount {
        user_id: user.id,
        plan: account.plan,
        time_zone: account.time_zone,
        platform_admin: user.is_platform_admin,
        features: account.plan.features(),
        limits: Limits { writes_per_day: window.limit },
        writes_today,
        writes_day: window.day.compact(),
        resets_at: window.ends,
    }))
}
