//! `DELETE …/webhooks/{subscriptionId}`: deletes a subscription and cancels its pending deliveries.

use api::{ApiState, Member, PathId, Problem, WebhooksWrite, charge, damaged_state};
use axum::extract::State;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use http::StatusCode;
use serde_json::Value;
use store::Found;

use crate::problems::no_subscription;
use crate::view::audited;

/// Deletes a webhook subscription. Its pending deliveries are cancelled; their log is kept for 30 days.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    responses((status = 204, description = "Deleted."))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    PathId(id): PathId<SubscriptionId>,
) -> Result<StatusCode, Problem> {
    let subscriptions = app.store().subscriptions();
    let found = subscriptions.find(member.handle(), id, app.now()).await?.ok_or_else(no_subscription)?;
    charge(&app, &member.profile.owner).await?;
    let before = found.intact().map_or_else(damaged_state, |known| audited(&known.subscription));
    let event = member.event(&app, "webhook.deleted", id).between(before, Value::Null);
    match &found {
        Found::Intact(known) => subscriptions.delete(&known.subscription, &event).await?,
        Found::Damaged(damaged) => subscriptions.delete_damaged(member.handle(), id, damaged, &event).await?,
    };
    Ok(StatusCode::NO_CONTENT)
}
