//! `PUT …/links/{slug}`: creates the link or replaces what its owner set.

use api::{ApiState, Code, JsonBody, LinksWrite, Member, PathParam, Problem, charge};
use axum::extract::State;
use axum::response::Response;
use domain::links::{Link, LinkSettings, NextPassword};
use domain::values::name::{Handle, Slug};
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use store::{Expect, WriteLink};

use crate::view::{LinkView, answer};

/// Attempts of a write while others write the same link.
const TRIES: usize = 8;

api::request_body!(LinkBody, "A link to write.", LinkSettings::body(), {
    "destinationUrl": "https://shop.example/spring",
    "title": "Spring sale",
    "tags": ["spring"],
    "scheduledEndAt": "2030-06-01T00:00:00Z",
    "routingRules": [{"priority": 1, "destinationUrl": "https://shop.example/de", "conditions": {"countryIn": ["DE", "AT"]}}],
    "tracking": {"utmSource": "newsletter"}
});

/// Creates or replaces a link.
///
/// Fields that are left out take their defaults, except `password`, which cannot be read back: left out it stays, null removes it.
#[utoipa::path(put, path = "/v2/handles/{handle}/links/{slug}", tag = "links", security(("jwt" = []), ("pat" = ["links.write"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path), ("If-Match" = Option<String>, Header, description = "Write only this version."),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create, and write over nothing.")),
    request_body = LinkBody,
    responses((status = 201, description = "Created.", body = LinkView), (status = 200, description = "Replaced.", body = LinkView),
        (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody),
        (status = 412, description = "The link is at another version.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksWrite>,
    PathParam(slug): PathParam<Slug>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let (settings, password) = LinkSettings::read(body, &app.settings().own_hosts)?;
    let mut current = app.store().link(member.handle(), &slug).await?;
    check_version(&headers, current.as_ref())?;
    check_campaign(&app, member.handle(), &settings, current.as_ref()).await?;
    charge(&app, &member.profile.owner).await?;
    let password = password.hashed(app.random().to_le_bytes()).ok_or_else(|| Problem::field("password", "cannot be used"))?;
    for _ in 0..TRIES {
        let link = next(&app, member.handle(), &slug, current.as_ref(), settings.clone(), &password);
        let (status, action) = match current {
            None => (StatusCode::CREATED, "link.created"),
            Some(_) => (StatusCode::OK, "link.updated"),
        };
        let before = current.as_ref().map_or(Value::Null, Link::audited);
        let event = member.event(&app, action, &link.slug).between(before, link.audited());
        if app.store().write_link(&link, Expect::of(current.as_ref()), &event).await? == WriteLink::Written {
            return Ok(answer(status, link, &app));
        }
        current = app.store().link(member.handle(), &slug).await?;
        check_version(&headers, current.as_ref())?;
    }
    Err(Problem::new(Code::Conflict, "many writers are changing this link at once; try again"))
}

/// The version of the link to write.
pub(crate) fn next(
    app: &ApiState,
    handle: &Handle,
    slug: &Slug,
    current: Option<&Link>,
    settings: LinkSettings,
    password: &NextPassword,
) -> Link {
    match current {
        Some(link) => link.following(settings, password, app.now()),
        None => Link::first(app.id(), handle, slug, settings, password, app.now()),
    }
}

/// A campaign that clicks and conversions are to be credited to must exist; one the link already names is not asked about again.
async fn check_campaign(app: &ApiState, handle: &Handle, settings: &LinkSettings, current: Option<&Link>) -> Result<(), Problem> {
    let Some(id) = &settings.campaign_id else { return Ok(()) };
    let is_present = current.is_some_and(|link| link.settings.campaign_id.as_ref() == Some(id));
    if is_present || app.store().campaign(handle, id).await?.is_some() {
        return Ok(());
    }
    let message = format!("no such campaign on this handle; create it first with POST /v2/handles/{handle}/campaigns");
    Err(Problem::field("campaignId", message))
}

/// Honours `If-Match` and `If-None-Match` (RFC 9110 §13.1).
///
/// # Errors
/// 412 when the one does not name the version the link is at, or the other does.
pub(crate) fn check_version(headers: &HeaderMap, current: Option<&Link>) -> Result<(), Problem> {
    if names(headers, IF_MATCH, current) == Some(false) {
        return Err(Problem::new(Code::VersionMismatch, "the link is not at the version in If-Match; read it again and repeat the change"));
    }
    if names(headers, IF_NONE_MATCH, current) == Some(true) {
        return Err(Problem::new(
            Code::VersionMismatch,
            "the link is at a version that If-None-Match excludes; leave it out to write over it",
        ));
    }
    Ok(())
}

/// Whether one of a header's tags is that of the link as it is, or any is meant by `*`; nothing when there is no such header.
fn names(headers: &HeaderMap, header: HeaderName, current: Option<&Link>) -> Option<bool> {
    // `If-None-Match` compares weakly, `If-Match` does not (RFC 9110 §8.8.3.2).
    let is_weak = header == IF_NONE_MATCH;
    let lines: Vec<_> = headers.get_all(header).iter().collect();
    let tags = || lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim);
    let is = |tag: &str, etag: &str| tag == "*" || tag == etag || (is_weak && tag.strip_prefix("W/") == Some(etag));
    (!lines.is_empty()).then(|| current.is_some_and(|link| tags().any(|tag| is(tag, &link.etag()))))
}
