//! `GET /v2/public/context?ctx=`: the content of a context token, for the page a visitor landed on.

use std::collections::BTreeMap;

use api::{ApiState, Problem, limit_public};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::clicks::ctx::Consent;
use domain::values::id::ClickId;
use domain::values::moment::Moment;
use domain::values::name::{CampaignId, Handle, SessionId, Slug};
use futures::future::try_join;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use serde::Serialize;

use crate::ctx::{open, refusal, require_open};

/// The content of a valid token.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContextView {
    /// Always true: an invalid token is answered with 400.
    valid: bool,
    handle: Handle,
    slug: Slug,
    click_id: ClickId,
    campaign_id: Option<CampaignId>,
    clicked_at: Moment,
    /// When the token expires.
    expires_at: Moment,
    session_id: Option<SessionId>,
    /// Signals the session had when the link was followed, at most 255.
    chain_position: u8,
    consent: Consent,
    /// The link's default destination; absent once the link is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_url: Option<String>,
    /// The link's campaign parameters, by their query keys.
    vars: BTreeMap<String, String>,
}

/// Resolves a context token.
#[utoipa::path(
    get,
    path = "/v2/public/context",
    tag = "public",
    params(("ctx" = String, Query, description = "The token from the redirect.")),
    responses(
        (status = 200, description = "The content of the token.", body = ContextView),
        (
            status = 400,
            description = "`invalid_ctx`, with `reason` malformed, bad_signature, expired or unknown_key.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn handle(State(app): State<ApiState>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    limit_public(&app, &parts.headers, &parts.extensions).await?;
    let token = ctx_of(parts.uri.query().unwrap_or_default());
    let claims = open(&app, &token).await?;
    let claims = claims.map_err(|rejected| Problem::field("ctx", refusal(&token, rejected)).with("reason", rejected.as_str()))?;
    let link = async { Ok(app.store().links().get(&claims.handle, &claims.slug).await?) };
    let ((), link) = try_join(require_open(&app, &claims.handle), link).await?;
    let vars = link.iter().flat_map(|link| link.settings.tracking.pairs().map(|(key, value)| (key.to_owned(), value.to_owned()))).collect();
    let view = ContextView {
        valid: true,
        clicked_at: claims.click_id.moment(),
        handle: claims.handle,
        slug: claims.slug,
        click_id: claims.click_id,
        campaign_id: claims.campaign_id,
        expires_at: claims.expires_at,
        session_id: claims.session_id,
        chain_position: claims.chain_position,
        consent: claims.consent,
        destination_url: link.map(|link| link.settings.destination_url.as_str().to_owned()),
        vars,
    };
    let mut response = Json(view).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The query's `ctx`, empty when there is none; several are joined, which is not a valid token.
fn ctx_of(query: &str) -> String {
    let tokens = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "ctx").map(|(_, value)| value.into_owned());
    tokens.collect::<Vec<_>>().join(",")
}
