//! Limits a request meets: the account's plan and its daily writes, and the source's public requests (specification §2).

use domain::accounts::{Account, Plan};
use domain::values::name::UserId;
use http::{Extensions, HeaderMap};
use serde_json::json;
use store::{Taken, WindowTaken};

use crate::code::Code;
use crate::problem::Problem;
use crate::{ApiState, Viewer};

async fn account(app: &ApiState, owner: &UserId) -> Result<Account, Problem> {
    Ok(app.store().accounts().get(owner).await?.unwrap_or_else(|| Account::with_plan(app.settings().default_plan)))
}

/// Passes a request whose handle's owner has at least this plan; `feature` names what is requested.
///
/// # Errors
/// 403 with the feature and the plan it needs.
pub async fn require_plan(app: &ApiState, owner: &UserId, required: Plan, feature: &'static str) -> Result<(), Problem> {
    let plan = account(app, owner).await?.plan;
    if plan >= required {
        return Ok(());
    }
    let message = format!("{feature} needs the plan {} of the account that owns the handle; it has {}", required.as_str(), plan.as_str());
    Err(Problem::new(Code::FeatureLocked, message).with("feature", feature).with("requiredPlan", required.as_str()))
}

/// The feature that includes personal access tokens.
const TOKENS: &str = "growth_tools";

/// Passes a request whose handle's owner has a plan with personal access tokens.
///
/// # Errors
/// 403 with the feature and the plan it needs.
pub async fn require_tokens(app: &ApiState, owner: &UserId) -> Result<(), Problem> {
    require_plan(app, owner, Plan::Pro, TOKENS).await
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
        Taken::Exhausted => {
            let plan = account.plan.as_str();
            Err(Problem::new(Code::RateLimited, format!("Daily write quota exceeded for {plan}."))
                .with("plan", plan)
                .with("limits", json!({"writesPerDay": window.limit}))
                .with("usage", json!({"writesToday": window.limit, "writesDay": window.day.compact()}))
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
