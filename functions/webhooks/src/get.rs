//! `GET …/webhooks/{subscriptionId}`: one subscription.

use axum::Json;
use axum::extract::State;
use domain::id::SubscriptionId;
use domain::name::Handle;
use edge::{App, Member, Operator, Part, Problem};

use crate::no_subscription;
use crate::view::SubscriptionView;

/// Reads a webhook subscription, without its secret.
#[utoipa::path(get, path = "/v2/handles/{handle}/webhooks/{subscriptionId}", tag = "webhooks", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    responses((status = 200, description = "The subscription.", body = SubscriptionView)))]
pub(crate) async fn handle(
    State(app): State<App>,
    member: Member<Operator>,
    id: Result<Part<SubscriptionId>, Problem>,
) -> Result<Json<SubscriptionView>, Problem> {
    let Part(id) = id.map_err(|_| no_subscription())?;
    let known = app.store().subscription(member.handle(), id, app.now()).await?.ok_or_else(no_subscription)?;
    Ok(Json(SubscriptionView::of_known(&known)))
}
