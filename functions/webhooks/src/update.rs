//! `PUT …/webhooks/{subscriptionId}`: changes a subscription; enabling it again or changing its endpoint resets its failures.

use api::{ApiState, Code, JsonBody, Member, PathId, Problem, WebhooksWrite, charge};
use axum::Json;
use axum::extract::State;
use domain::values::id::SubscriptionId;
use domain::values::name::Handle;
use domain::webhooks::subscription::{Subscription, SubscriptionSettings};
use serde_json::{Value, json};
use store::FailureRecord;

use crate::problems::no_subscription;
use crate::view::{SubscriptionView, audited};

api::request_body!(SubscriptionChange, "What to change; what is left out stays.", SubscriptionSettings::change_body(), {
    "enabled": true,
    "eventTypes": ["*"]
});

/// Changes a webhook subscription. Pending deliveries go to the new endpoint. Only to disable it, `{"enabled": false}`, is not charged to
/// the write quota.
#[utoipa::path(
    put,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.write"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path)),
    request_body = SubscriptionChange,
    responses(
        (status = 200, description = "The changed subscription.", body = SubscriptionView),
        (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksWrite>,
    PathId(id): PathId<SubscriptionId>,
    JsonBody(body): JsonBody,
) -> Result<Json<SubscriptionView>, Problem> {
    let mut known = app.store().subscriptions().get(member.handle(), id, app.now()).await?.ok_or_else(no_subscription)?;
    let own = &app.settings().own_hosts;
    known.subscription.settings.changed(body.clone(), own, app.egress())?;
    // Not charged: it must be possible to stop messages whatever has been written that day.
    if body != json!({"enabled": false}) {
        charge(&app, &member.profile.owner).await?;
    }
    let is_new_start = body.get("enabled") == Some(&Value::Bool(true)) || body.get("endpointUrl").is_some_and(|url| !url.is_null());
    let failures = if is_new_start { FailureRecord::Reset } else { FailureRecord::Keep };
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let before = &known.subscription;
        let settings = before.settings.changed(body.clone(), own, app.egress())?;
        let after = Subscription { settings, version: before.version + 1, updated_at: app.now(), ..before.clone() };
        let event = member.event(&app, "webhook.updated", id).between(audited(before), audited(&after));
        if app.store().subscriptions().save(&after, before.version, failures, &event).await? {
            let disabled = known.disabled.filter(|_| failures == FailureRecord::Keep);
            return Ok(Json(SubscriptionView::of(&after, after.status(disabled))));
        }
        known = app.store().subscriptions().get(member.handle(), id, app.now()).await?.ok_or_else(no_subscription)?;
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this subscription; try again"))
}
