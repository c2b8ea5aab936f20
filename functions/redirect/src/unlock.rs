//! A password posted to a link: five attempts per minute and address, compared in constant time.

use api::{ApiState, Code, Problem, Viewer, read_limited};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use store::WindowTaken;

use crate::answer;
use crate::cache::LinkCache;
use crate::follow::{Gate, visit};
use crate::link_address::LinkAddress;

/// Attempts per minute and source address.
const MAX_ATTEMPTS_PER_MINUTE: u32 = 5;
/// Bytes of the posted form.
const MAX_FORM_BYTES: usize = 4096;

/// Redirects a visitor with the right password.
pub(crate) async fn handle<B>(app: &ApiState, links: &LinkCache, address: &LinkAddress, parts: &Parts, body: B) -> Result<Response, Problem>
where
    B: http_body::Body<Data = bytes::Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let found = links.find(app, address).await?.ok_or_else(answer::unknown)?;
    let Some(hashed) = &found.link.password else {
        return Err(Problem::new(Code::MethodNotAllowed, "follow links with GET").allow("GET, HEAD"));
    };
    let keys = app.keys().await.ok();
    let viewer = Viewer::of_parts(parts, app.settings(), keys.as_deref());
    let now = app.now();
    // Without the counter there would be no limit to guesses, so a failure to count is an error here.
    if let WindowTaken::Exhausted { until } =
        app.store().limits().take_in_window("password", &viewer.limit_key(), MAX_ATTEMPTS_PER_MINUTE, 60_000, now).await?
    {
        return Err(Problem::new(Code::RateLimited, "too many attempts; wait a minute").retry_at(until, now));
    }
    let form = read_limited(body, MAX_FORM_BYTES).await?;
    let password =
        url::form_urlencoded::parse(&form).find(|(name, _)| name == "password").map(|(_, value)| value.into_owned()).unwrap_or_default();
    if !hashed.verifies(&password) {
        return Ok(answer::password_form(StatusCode::FORBIDDEN, Some("The password is wrong.")));
    }
    visit(app, &found, parts, Gate::Passed).await
}
