//! Limits a request meets: the account's plan and its daily writes, and the source's public requests (specification §2).

use domain::accounts::{Account, Feature};
use domain::values::name::UserId;
use http::{Extensions, HeaderMap};
use serde_json::json;
use store::{Taken, WindowTaken};

use crate::code::Code;
use crate::problem::Problem;
use crate::{ApiState, Viewer};

/// The account of a user; one that was never set has the deployment's default plan.
///
/// # Errors
/// When the table is unavailable.
pub async fn account(app: &ApiState, user: &UserId) -> Result<Account, Problem> {
    Ok(app.store().accounts().get(user).await?.unwrap_or_else(|| Account::with_plan(app.settings().default_plan)))
}

/// Passes a request whose handle's owner has a plan that includes this feature.
///
/// # Errors
/// 403 with the feature and the plan it needs.
pub async fn require_feature(app: &ApiState, owner: &UserId, feature: Feature) -> Result<(), Problem> {
    let (plan, required) = (account(app, owner).await?.plan, feature.required_plan());
    if plan >= required {
        return Ok(());
    }
    let (feature, required) = (feature.as_str(), required.as_str());
    let message = format!("{feature} needs the plan {required} of the account that owns the handle; it has {}", plan.as_str());
    Err(Problem::new(Code::FeatureLocked, message).with("feature", feature).with("requiredPlan", required))
}

/// Charges one write to the account that owns what is written; called once the request is validated, before it acts.
///
/// # Errors
/// 429 with the plan, its limit and the usage, and `Retry-After` to the account's midnight.
pub async fn charge(app: &ApiState, owner: &UserId) -> Result<(), Problem> {
    let account = account(app, owner).await?;
    let now = app.now();
    let window = account.window(now);
    match app.store().limits().charge_write(owner, &window, app.id()).await? {
        Taken::Within(_) => Ok(()),
        Taken::Exhausted(used) => {
            let plan = account.plan.as_str();
            Err(Problem::new(Code::RateLimited, format!("Daily write quota exceeded for {plan}."))
                .with("plan", plan)
                .with("limits", json!({"writesPerDay": window.limit}))
                .with("usage", json!({"writesToday": used, "writesDay": window.day.compact()}))
                .retry_at(window.ends, now))
        }
    }
}

/// Length of the window in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// Counts a public request against the limit per minute of its source address; passes it when the counter cannot be reached.
///
/// # Errors
/// 429 with `Retry-After` to the end of the minute that began with the source's first request.
pub async fn limit_public(app: &ApiState, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
    // Without the keys CloudFront cannot prove itself, and all its visitors count as one source.
    let keys = app.keys_soon().await.ok();
    let viewer = Viewer::of(headers, extensions, app.settings(), keys.as_deref());
    let max_requests = app.settings().public_rpm;
    let now = app.now();
    match app.store().limits().take_in_window("public", &viewer.limit_key(), max_requests, MINUTE_MS, now).await {
        Ok(WindowTaken::Within) => Ok(()),
        Ok(WindowTaken::Exhausted { until }) => {
            let message = format!("more than {max_requests} requests a minute from one address; wait for the time in Retry-After");
            Err(Problem::new(Code::RateLimited, message).with("limits", json!({"requestsPerMinute": max_requests})).retry_at(until, now))
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "rate limit could not be counted");
            Ok(())
        }
    }
}
