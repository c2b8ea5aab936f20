//! What the provider answers: pages, redirects, tokens and their errors.

use api::escape;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::authorize::Authorization;
use super::grants::Refusal;
use super::users::USERS;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");

/// Tokens for a code or a refresh token (RFC 6749 §5.1).
#[derive(Serialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: String,
    pub(super) token_type: &'static str,
    /// Seconds.
    pub(super) expires_in: u64,
    pub(super) refresh_token: String,
}

/// The page with a button for each user.
pub(super) fn choice(authorization: &Authorization, origins: &[String]) -> Response<Bytes> {
    let hidden: String = authorization
        .parameters()
        .map(|(name, value)| format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value)))
        .concat();
    let buttons: String = USERS
        .iter()
        .map(|user| {
            format!(r#"<button name="user" value="{0}"><strong>{0}</strong><span>{1}</span></button>"#, user.id, escape(user.rights))
        })
        .collect();
    let body = format!(
        r#"<p>Choose who you are. On this machine no password is asked.</p><form method="post" action="/_dev/login/authorize">{hidden}{buttons}</form><footer>Another user: <code>cargo dev token --user ID</code>, pasted into the console.</footer>"#
    );
    page(StatusCode::OK, "Sign in to 10x Links", &body, origins)
}

/// A page for a request that is not the console's.
pub(super) fn message(text: &str, origins: &[String]) -> Response<Bytes> {
    page(StatusCode::BAD_REQUEST, "This sign-in cannot go on", &format!("<p>{}</p>", escape(text)), origins)
}

fn page(status: StatusCode, title: &str, body: &str, origins: &[String]) -> Response<Bytes> {
    let html = format!(
        r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>{title}</title><link rel="stylesheet" href="/_dev/login/style.css"></head><body><main><h1>{title}</h1>{body}</main></body></html>"#
    );
    let mut response = new(status, HTML, html.into());
    // Chromium applies form-action to the redirect that answers the form as well.
    let policy =
        format!("default-src 'none'; style-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'", origins.join(" "));
    let strict = HeaderValue::from_static("default-src 'none'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).unwrap_or(strict));
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The style of the pages.
pub(super) fn style() -> Response<Bytes> {
    new(StatusCode::OK, CSS, Bytes::from_static(include_bytes!("page.css")))
}

/// Back to the console, with these parameters.
pub(super) fn back(address: &str, parameters: &[(&str, &str)]) -> Response<Bytes> {
    let Ok(mut url) = Url::parse(address) else { return message("The address to go back to is not one.", &[]) };
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    let mut response = new(StatusCode::SEE_OTHER, HTML, Bytes::new());
    if let Ok(location) = HeaderValue::from_str(url.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Tokens, or why there are none; `reader` is the origin whose pages may read the answer.
pub(super) fn tokens(outcome: Result<TokenAnswer, Refusal>, reader: Option<&str>) -> Response<Bytes> {
    let (status, body) = match outcome {
        Ok(tokens) => (StatusCode::OK, serde_json::to_value(tokens).unwrap_or_default()),
        Err(Refusal { status, error, why }) => {
            (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), json!({"error": error, "error_description": why}))
        }
    };
    let mut response = new(status, JSON, body.to_string().into());
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = reader.and_then(|origin| HeaderValue::from_str(origin).ok()) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

fn new(status: StatusCode, kind: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
