//! `GET …/webhooks/{subscriptionId}`: one subscription.

use api::{ApiState, Member, PathId, Problem, WebhooksRead};
use axum::Json;
use axum::extract::State;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;

use crate::problems::no_subscription;
use crate::view::SubscriptionView;

/// Reads a webhook subscription, without its secret.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    responses((status = 200, description = "The subscription.", body = SubscriptionView))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    PathId(id): PathId<SubscriptionId>,
) -> Result<Json<SubscriptionView>, Problem> {
    let known = app.store().subscriptions().get(member.handle(), id, app.now()).await?.ok_or_else(no_subscription)?;
    Ok(Json(SubscriptionView::of_known(&known)))
}
