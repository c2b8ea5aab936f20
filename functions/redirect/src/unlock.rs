//! A password posted to a link: five tries a minute and address, checked in constant time.

use api::{ApiState, Code, Problem, Viewer, read_limited};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use store::WindowTaken;

use crate::answer;
use crate::cache::Links;
use crate::follow::{Gate, visit};
use crate::link_address::LinkAddress;

const TRIES_A_MINUTE: u32 = 5;
const MAX_FORM: usize = 4096;

/// Takes a visitor with the right password on.
pub(crate) async fn handle<B>(app: &ApiState, links: &Links, address: &LinkAddress, parts: &Parts, body: B) -> Result<Response, Problem>
where
    B: http_body::Body<Data = bytes::Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let found = links.find(app, address).await?.ok_or_else(answer::unknown)?;
    let Some(hashed) = &found.link.password else {
        return Err(Problem::new(Code::MethodNotAllowed, "links are followed with GET").allow("GET, HEAD"));
    };
    let keys = app.keys().await.ok();
    let viewer = Viewer::of_parts(parts, app.settings(), keys.as_deref());
    let now = app.now();
    // A counter that cannot be reached must not become unlimited guesses, so its failure is the caller's problem here.
    if let WindowTaken::Exhausted { until } =
        app.store().take_in_window("password", &viewer.limit_key(), TRIES_A_MINUTE, 60_000, now).await?
    {
        return Err(Problem::new(Code::RateLimited, "too many tries; wait a minute").retry_at(until, now));
    }
    let form = read_limited(body, MAX_FORM).await?;
    let password =
        url::form_urlencoded::parse(&form).find(|(name, _)| name == "password").map(|(_, value)| value.into_owned()).unwrap_or_default();
    if !hashed.verifies(&password) {
        return Ok(answer::password_form(StatusCode::FORBIDDEN, Some("That is not the password.")));
    }
    visit(app, &found, parts, Gate::Passed).await
}
