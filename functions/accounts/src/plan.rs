//! `PUT /v2/platform-admin/accounts/{userId}`: the plan and time zone of an account.

use api::{ApiState, JsonBody, PathParam, PlatformAdmin, Problem};
use axum::Json;
use axum::extract::State;
use domain::accounts::Account;
use domain::values::name::UserId;
use serde::Serialize;
use serde_json::json;

api::request_body!(AccountChange, "What to set; a time zone that is left out stays.", Account::body(), {"plan": "PRO", "timeZone": "Europe/Berlin"});

/// An account's settings.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountView {
    user_id: UserId,
    #[serde(flatten)]
    account: Account,
}

/// Sets an account's plan and time zone.
#[utoipa::path(
    put,
    path = "/v2/platform-admin/accounts/{userId}",
    tag = "platform-admin",
    security(("jwt" = [])),
    params(("userId" = UserId, Path)),
    request_body = AccountChange,
    responses((status = 200, description = "The account.", body = AccountView))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    admin: PlatformAdmin,
    PathParam(user_id): PathParam<UserId>,
    JsonBody(body): JsonBody,
) -> Result<Json<AccountView>, Problem> {
    let edit = |before: Option<Account>| {
        let before = before.unwrap_or_else(|| Account::with_plan(app.settings().default_plan));
        let account = before.change(body.clone())?;
        let event = admin.user.event(&app, "account.updated", &user_id).between(json!(before), json!(account));
        Ok::<_, Problem>((account, event))
    };
    let account = app.store().accounts().change(&user_id, edit).await?;
    Ok(Json(AccountView { user_id, account }))
}
