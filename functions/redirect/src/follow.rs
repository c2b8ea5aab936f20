//! Following a link: decide, count, answer.

use std::time::Duration;

use api::{ApiState, PlatformKeys, Problem};
use axum::response::Response;
use domain::chain::segments;
use domain::clicks::agent::ClickVerdict;
use domain::links::visit::Visit;
use domain::links::{Closed, Link, Transport};
use domain::routing::decide_open;
use domain::values::destination::Destination;
use domain::values::id::ClickId;
use http::request::Parts;
use http::{Method, StatusCode};
use store::Taken;
use tokio::time::timeout;

use crate::answer;
use crate::cache::{LinkCache, LinkWithRules};
use crate::click;
use crate::followed::Followed;
use crate::link_address::LinkAddress;
use crate::request_facts::RequestFacts;

/// How long a redirect waits for the visitor's session.
const SESSION_TIMEOUT: Duration = Duration::from_millis(600);

/// Follows a tracked link.
///
/// The public address is `https://{handle}.<public domain>/{slug}`; this path is for hosts without wildcard DNS and answers the same.
/// A browser gets HTML pages instead of JSON errors; a bridge page and a password form have the status 200.
#[utoipa::path(get, path = "/_edge/redirect/{handle}/{slug}", tag = "public",
    params(("handle" = domain::values::name::Handle, Path), ("slug" = domain::values::name::Slug, Path)),
    responses((status = 302, description = "To the destination, with `ctx`.", headers(("Location" = String))),
        (status = 307, description = "As 302, for links of redirect type 307.", headers(("Location" = String))),
        (status = 200, description = "A bridge page or a password form.", content_type = "text/html", body = String),
        (status = 410, description = "`link_expired`: past its end, its expiry or its `maxClicks`.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(app: &ApiState, links: &LinkCache, address: &LinkAddress, parts: &Parts) -> Result<Response, Problem> {
    let found = links.find(app, address).await?.ok_or_else(answer::unknown)?;
    visit(app, &found, parts, Gate::Closed).await
}

/// Whether a password stands between the visitor and the destination.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The password has not been given.
    Closed,
    /// It has been given.
    Passed,
}

/// Decides where this visit goes and sends the visitor there.
pub(crate) async fn visit(app: &ApiState, found: &LinkWithRules, parts: &Parts, gate: Gate) -> Result<Response, Problem> {
    let LinkWithRules { link, rules } = found;
    let keys = match app.keys_soon().await {
        Ok(keys) => Some(keys),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, metric = "ctx_keys_missing", "redirecting without ctx");
            None
        }
    };
    let keys: Option<&PlatformKeys> = keys.as_deref();
    let facts = RequestFacts::of(parts, app.settings(), keys);
    let now = app.now();
    // The click limit costs a request, so it is checked last.
    if let Some(closed) = link.closed(now, false) {
        return fall_back(app, link, closed);
    }
    let (visit, chain_position) = with_session(app, link, facts.visit(link, now)).await;
    let click_id = app.id();
    let waits_at_gate = link.password.is_some() && gate == Gate::Closed;
    if let Some(max_clicks) = link.settings.max_clicks
        && !is_admitted(app, link, max_clicks, &facts, waits_at_gate, click_id).await
    {
        return fall_back(app, link, Closed::ClickLimit);
    }
    if waits_at_gate {
        return Ok(answer::password_form(StatusCode::OK, None, &visit.referrer));
    }
    let (destination, matched) = decide_open(link, rules, &visit);
    refuse_own(app, destination)?;
    let followed = Followed { link, matched, visit, chain_position, facts: &facts, keys, click_id };
    let location = followed.location(destination, app.settings().ctx_life_days);
    if parts.method != Method::HEAD {
        click::record(app, parts.extensions.get(), click::of(followed)).await;
    }
    Ok(send(link, &location, gate))
}

/// The answer for a closed link: a redirect to its fallback address, where it has one.
fn fall_back(app: &ApiState, link: &Link, closed: Closed) -> Result<Response, Problem> {
    let fallback = link.settings.fallback_url.as_ref().ok_or_else(|| answer::closed(closed))?;
    refuse_own(app, fallback)?;
    Ok(answer::redirect(StatusCode::FOUND, fallback.as_str()))
}

/// The visit with the segments of its session, and the number of signals of that session.
///
/// Only a visitor who brings a session costs this read; when it fails or takes too long, the visit has no segments.
async fn with_session(app: &ApiState, link: &Link, visit: Visit) -> (Visit, u8) {
    let Some(session) = &visit.session_id else { return (visit, 0) };
    match timeout(SESSION_TIMEOUT, app.store().sessions().get_eventually_consistent(&link.handle, session, visit.at)).await {
        Ok(Ok(kept)) => {
            let chain_position = u8::try_from(kept.session.signals().len()).unwrap_or(u8::MAX);
            (Visit { segments: segments(&kept.session), ..visit }, chain_position)
        }
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "session could not be read");
            (visit, 0)
        }
        Err(_) => {
            tracing::warn!("session took too long to read");
            (visit, 0)
        }
    }
}

/// Whether a click is within `maxClicks`. A human click uses one up; a bot's and a header check only look.
async fn is_admitted(app: &ApiState, link: &Link, max_clicks: u64, facts: &RequestFacts<'_>, waits_at_gate: bool, click: ClickId) -> bool {
    if facts.classification.verdict() == ClickVerdict::Human && !waits_at_gate {
        return match app.store().limits().take_click(&link.handle, link.id, max_clicks, click).await {
            Ok(taken) => matches!(taken, Taken::Within(_)),
            // More visitors than the counter takes: the limit holds, and no visitor gets an error for it.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, link.id = %link.id, "click limit could not be counted, taken as reached");
                false
            }
        };
    }
    match app.store().limits().clicks_used(&link.handle, link.id).await {
        Ok(used) => u64::from(used) < max_clicks,
        // A look uses none up, so the limit holds in any case.
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, link.id = %link.id, "click limit could not be read");
            true
        }
    }
}

/// Refuses a destination on one of our own hosts. It was checked when it was written, but the hosts may have changed since.
fn refuse_own(app: &ApiState, destination: &Destination) -> Result<(), Problem> {
    if destination.leads_to(&app.settings().own_hosts) {
        tracing::error!(destination = destination.as_str(), "stored destination leads back to this service");
        return Err(answer::unknown());
    }
    Ok(())
}

fn send(link: &Link, location: &str, gate: Gate) -> Response {
    let status = match gate {
        // The visitor posted the password here; the destination must be fetched with GET (RFC 9110 §15.4.4).
        Gate::Passed => StatusCode::SEE_OTHER,
        Gate::Closed => StatusCode::from_u16(link.settings.redirect_type.into()).unwrap_or(StatusCode::FOUND),
    };
    match link.settings.tracking_policy.mode {
        Transport::Direct => answer::redirect(status, location),
        Transport::Bridge => answer::bridge(location),
    }
}

/// The path of the redirect with its documentation, and the schema it refers to.
pub fn document() -> (String, utoipa::openapi::path::PathItem, (String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)) {
    use utoipa::{PartialSchema, Path, ToSchema};
    let item = utoipa::openapi::path::PathItemBuilder::new();
    let mut built = item.build();
    built.get = Some(__path_handle::operation());
    built.post = Some(crate::unlock::__path_handle::operation());
    let form = (crate::unlock::PasswordForm::name().into_owned(), crate::unlock::PasswordForm::schema());
    (__path_handle::path(), built, form)
}
