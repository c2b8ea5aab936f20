//! Following a link: decide, count, answer.

use std::time::Duration;

use api::PlatformKeys;
use api::{ApiState, Problem};
use axum::response::Response;
use domain::chain::segments;
use domain::clicks::agent::Verdict;
use domain::clicks::ctx::Claims;
use domain::links::{Link, Transport};
use domain::routing::visit::Visit;
use domain::routing::{Matched, Outcome, decide};
use domain::values::destination::{Additions, Destination, locate};
use domain::values::id::ClickId;
use http::request::Parts;
use http::{Method, StatusCode};
use store::Taken;
use tokio::time::timeout;

use crate::answer;
use crate::cache::{Found, Links};
use crate::click;
use crate::facts::Facts;
use crate::place::Place;

/// Follows a tracked link.
///
/// The public address is `https://{handle}.<public domain>/{slug}`; this path is for hosts without wildcard DNS and answers the same.
/// A browser gets small pages instead of JSON errors; a bridge or a password shows a page with status 200.
#[utoipa::path(get, path = "/_edge/redirect/{handle}/{slug}", tag = "public",
    params(("handle" = domain::values::name::Handle, Path), ("slug" = domain::values::name::Slug, Path)),
    responses((status = 302, description = "To the destination, with `ctx`.", headers(("Location" = String))),
        (status = 307, description = "The same, for links of redirect type 307.", headers(("Location" = String))),
        (status = 200, description = "A bridge page or a password form.", content_type = "text/html", body = String),
        (status = 410, description = "`link_expired`: past its end, its expiry or its `maxClicks`.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(app: &ApiState, links: &Links, place: &Place, parts: &Parts) -> Result<Response, Problem> {
    let found = links.find(app, place).await?.ok_or_else(answer::unknown)?;
    visit(app, &found, parts, Gate::Closed).await
}

/// Whether a password stands between the visitor and the destination.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It has not been given.
    Closed,
    /// It has.
    Passed,
}

/// Decides where this visit goes and takes it there.
pub(crate) async fn visit(app: &ApiState, found: &Found, parts: &Parts, gate: Gate) -> Result<Response, Problem> {
    let Found { link, book } = found;
    let keys = match app.keys().await {
        Ok(keys) => Some(keys),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, metric = "ctx_keys_missing", "redirecting without ctx");
            None
        }
    };
    let facts = Facts::of(parts, app.settings(), keys.as_deref());
    let (visit, chain_position) = with_session(app, link, facts.visit(link, app.now())).await;
    let click_id = app.id();
    let mut outcome = decide(link, book, &visit, false, |_| {});
    if let (Outcome::Follow(..), Some(most)) = (&outcome, link.settings.max_clicks) {
        let waits_at_gate = link.password.is_some() && gate == Gate::Closed;
        if !is_admitted(app, link, most, &facts, waits_at_gate, click_id).await? {
            outcome = decide(link, book, &visit, true, |_| {});
        }
    }
    match outcome {
        Outcome::Unavailable(closed) => Err(answer::closed(closed)),
        Outcome::Fallback(destination, _) => {
            refuse_own(app, destination)?;
            Ok(answer::redirect(StatusCode::FOUND, destination.as_str()))
        }
        Outcome::Follow(..) if link.password.is_some() && gate == Gate::Closed => Ok(answer::password_form(StatusCode::OK, None)),
        Outcome::Follow(destination, matched) => {
            refuse_own(app, destination)?;
            let location = location(app, link, destination, &matched, (&visit, chain_position), &facts, keys.as_deref(), click_id);
            if parts.method != Method::HEAD {
                click::record(app, &click::of(click_id, link, &matched, visit, &facts, keys.as_deref())).await;
            }
            Ok(send(link, &location, gate))
        }
    }
}

/// How long a visitor waits for their session.
const SESSION_PATIENCE: Duration = Duration::from_millis(600);

/// The visit with the segments of its session, and how many signals that has. Only who brings a session to an open link costs this
/// read, and nobody is lost when it fails.
async fn with_session(app: &ApiState, link: &Link, visit: Visit) -> (Visit, u8) {
    let session = visit.session_id.as_ref().filter(|_| link.closed(visit.at, false).is_none());
    let Some(session) = session else { return (visit, 0) };
    match timeout(SESSION_PATIENCE, app.store().session_lately(&link.handle, session, visit.at)).await {
        Ok(Ok(kept)) => {
            let chain_position = u8::try_from(kept.session.signals().len()).unwrap_or(u8::MAX);
            (Visit { segments: segments(&kept.session), ..visit }, chain_position)
        }
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a session could not be read");
            (visit, 0)
        }
        Err(_) => {
            tracing::warn!("a session took too long to read");
            (visit, 0)
        }
    }
}

/// Whether a click is within `maxClicks`; a human one uses one up, a bot's or a header check only looks.
async fn is_admitted(
    app: &ApiState,
    link: &Link,
    most: u64,
    facts: &Facts<'_>,
    waits_at_gate: bool,
    click: ClickId,
) -> Result<bool, Problem> {
    if facts.judgement.verdict() == Verdict::Human && !waits_at_gate {
        return Ok(matches!(app.store().take_click(&link.handle, link.id, most, click).await?, Taken::Within(_)));
    }
    Ok(u64::from(app.store().clicks_used(&link.handle, link.id).await?) < most)
}

/// A destination is checked again where it is used: what was foreign when it was written may be ours now.
fn refuse_own(app: &ApiState, destination: &Destination) -> Result<(), Problem> {
    if destination.leads_to(&app.settings().own_hosts) {
        tracing::error!(destination = destination.as_str(), "a stored destination leads back to this service");
        return Err(answer::unknown());
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "everything a location is made of, in one pass")]
fn location(
    app: &ApiState,
    link: &Link,
    destination: &Destination,
    matched: &Matched<'_>,
    (visit, chain_position): (&Visit, u8),
    facts: &Facts<'_>,
    keys: Option<&PlatformKeys>,
    click_id: ClickId,
) -> String {
    let token = keys.filter(|_| link.settings.tracking_policy.append_context_param).map(|keys| {
        keys.ring.seal(&Claims {
            click_id,
            handle: link.handle.clone(),
            slug: link.slug.clone(),
            campaign_id: link.settings.campaign_id.clone(),
            rule: matched.label(),
            session_id: visit.session_id.clone(),
            chain_position,
            consent: facts.consent,
            bot: facts.judgement.verdict() == Verdict::Bot,
            expires_at: visit.at.plus_days(app.settings().ctx_life_days),
        })
    });
    let mut missing: Vec<(&str, &str)> = link.settings.tracking.pairs().collect();
    if link.settings.query_passthrough {
        // What the owner set is not the visitor's to change.
        let owned: Vec<&str> = missing.iter().map(|(name, _)| *name).chain(["ctx", "consent"]).collect();
        let own = |name: &str| owned.contains(&name);
        missing.extend(facts.query.iter().filter(|(name, _)| !own(name)).map(|(name, value)| (name.as_ref(), value.as_ref())));
    }
    locate(destination, &Additions { missing, ctx: token.as_deref() })
}

fn send(link: &Link, location: &str, gate: Gate) -> Response {
    let status = match gate {
        // The password was posted to us; the destination must be fetched, not posted to (RFC 9110 §15.4.4).
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
