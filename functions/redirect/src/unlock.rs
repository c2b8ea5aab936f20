//! A password posted to a link: five attempts per minute from one address, compared in constant time.

use api::{ApiState, Code, Problem, Viewer, read_limited};
use axum::response::Response;
use domain::links::visit::{DIRECT, referral};
use domain::values::form::{self, Form, Unknown};
use http::header::REFERER;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use store::WindowTaken;

use crate::answer;
use crate::cache::LinkCache;
use crate::follow::{Gate, visit};
use crate::link_address::LinkAddress;

/// Attempts per minute and source address.
const MAX_ATTEMPTS_PER_MINUTE: u32 = 5;
/// Bytes of the posted form.
const MAX_FORM_BYTES: usize = 4096;

api::request_body!(
    PasswordForm, "The form of the password page.", form::describe(Unknown::Ignore, posted), {"password": "open sesame"}
);

/// What the form posts.
#[derive(Default)]
struct Posted {
    password: String,
    referrer: Option<String>,
}

fn posted(form: &mut Form<'_>) -> Option<Posted> {
    let password = form.required("password", "The link's password.", form::any_text());
    let about = "The host from which the visitor came to the password page; without it the visit is `direct`.";
    let referrer = form.optional("referrer", about, form::any_text());
    Some(Posted { password: password?, referrer })
}

/// The request as if it came from `referrer`, where its visitor came to the password page; by its own header it comes from that page.
fn referred(parts: &Parts, referrer: &str) -> Parts {
    let mut parts = parts.clone();
    parts.headers.remove(REFERER);
    if referrer != DIRECT
        && let Ok(value) = HeaderValue::from_str(&format!("https://{referrer}/"))
    {
        parts.headers.insert(REFERER, value);
    }
    parts
}

/// Follows a link that has a password.
///
/// What the password page posts. The public address is `https://{handle}.<public domain>/{slug}`, as for GET.
#[utoipa::path(post, path = "/_edge/redirect/{handle}/{slug}", tag = "public",
    params(("handle" = domain::values::name::Handle, Path), ("slug" = domain::values::name::Slug, Path)),
    request_body(content = PasswordForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To the destination, with `ctx`.", headers(("Location" = String))),
        (status = 302, description = "To `fallbackUrl`: the link is not open.", headers(("Location" = String))),
        (status = 200, description = "A bridge page.", content_type = "text/html", body = String),
        (status = 403, description = "The password form again: the password is wrong.", content_type = "text/html", body = String),
        (status = 405, description = "The link has no password.", body = api::openapi::ErrorBody),
        (status = 410, description = "`link_expired`: past its end, its expiry or its `maxClicks`.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle<B>(app: &ApiState, links: &LinkCache, address: &LinkAddress, parts: &Parts, body: B) -> Result<Response, Problem>
where
    B: http_body::Body<Data = bytes::Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let found = links.find(app, address).await?.ok_or_else(answer::unknown)?;
    let Some(hashed) = &found.link.password else {
        return Err(Problem::new(Code::MethodNotAllowed, "follow links with GET").allow("GET, HEAD"));
    };
    let keys = app.keys_soon().await.ok();
    let viewer = Viewer::of_parts(parts, app.settings(), keys.as_deref());
    let now = app.now();
    // Without the counter there would be no limit to guesses, so a failure to count is an error here.
    if let WindowTaken::Exhausted { until } =
        app.store().limits().take_in_window("password", &viewer.limit_key(), MAX_ATTEMPTS_PER_MINUTE, 60_000, now).await?
    {
        return Err(Problem::new(Code::RateLimited, "too many attempts; wait a minute").retry_at(until, now));
    }
    let body = read_limited(body, MAX_FORM_BYTES).await?;
    // A form without a readable password is treated as an empty one.
    let Posted { password, referrer } = form::read_urlencoded(&body, Unknown::Ignore, posted).unwrap_or_default();
    // Anything can be posted: only a host is kept of it.
    let referrer = referral(referrer.map(|host| format!("https://{host}/")).as_deref()).host;
    if !hashed.verifies(&password) {
        return Ok(answer::password_form(StatusCode::FORBIDDEN, Some("The password is wrong."), &referrer));
    }
    visit(app, &found, &referred(parts, &referrer), Gate::Passed).await
}
