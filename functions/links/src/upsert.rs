//! `PUT …/links/{slug}`: creates a link or replaces its settings.

use api::{ApiState, Code, JsonBody, LinksWrite, Member, PathParam, Problem, charge, damaged_state};
use axum::extract::State;
use axum::response::Response;
use domain::links::{Link, LinkSettings, NextPassword};
use domain::values::id::LinkId;
use domain::values::name::{Handle, Slug};
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use store::{Expect, Found, WriteOutcome, damaged_link_version};

use crate::view::{LinkView, respond};

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
/// Fields that are left out get their defaults, except `password`, which cannot be read back: left out it is kept, null removes it.
#[utoipa::path(
    put,
    path = "/v2/handles/{handle}/links/{slug}",
    tag = "links",
    security(("jwt" = []), ("pat" = ["links.write"])),
    params(
        ("handle" = Handle, Path),
        ("slug" = Slug, Path),
        ("If-Match" = Option<String>, Header, description = "Write only this version."),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only create, never replace."),
    ),
    request_body = LinkBody,
    responses(
        (status = 201, description = "Created.", body = LinkView),
        (status = 200, description = "Replaced.", body = LinkView),
        (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody),
        (status = 412, description = "The link is at another version.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksWrite>,
    PathParam(slug): PathParam<Slug>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let (settings, password) = LinkSettings::read(body, &app.settings().own_hosts)?;
    let current = present(&app, member.handle(), &slug, &settings, &headers).await?;
    charge(&app, &member.profile.owner).await?;
    let password = password.hashed(app.random().to_le_bytes()).ok_or_else(|| Problem::field("password", "cannot be used"))?;
    let (status, link) = write(&app, &member, &slug, (settings, password), current, &headers).await?;
    Ok(respond(status, link, &app))
}

/// What is stored under the slug, once it is certain that these settings may take its place.
///
/// # Errors
/// 412 when a header excludes the stored version; 400 when there is no such campaign.
pub(crate) async fn present(
    app: &ApiState,
    handle: &Handle,
    slug: &Slug,
    settings: &LinkSettings,
    headers: &HeaderMap,
) -> Result<Option<Found<Link>>, Problem> {
    let current = app.store().links().find(handle, slug).await?;
    check_version(headers, current.as_ref())?;
    check_campaign(app, handle, settings, current.as_ref(), "campaignId").await?;
    Ok(current)
}

/// Writes a link in place of `current`, or of what others write in its place meanwhile.
///
/// # Errors
/// 412 when a header excludes what others have written; 409 when too many write it at once.
pub(crate) async fn write(
    app: &ApiState,
    member: &Member<LinksWrite>,
    slug: &Slug,
    (settings, password): (LinkSettings, NextPassword),
    mut current: Option<Found<Link>>,
    headers: &HeaderMap,
) -> Result<(StatusCode, Link), Problem> {
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let link = next(app, member.handle(), slug, current.as_ref(), settings.clone(), &password);
        let (status, action) = match current {
            None => (StatusCode::CREATED, "link.created"),
            Some(_) => (StatusCode::OK, "link.updated"),
        };
        let event = member.event(app, action, &link.slug).between(audited(current.as_ref()), link.audited());
        if app.store().links().write(&link, Expect::of_found(current.as_ref()), &event).await? == WriteOutcome::Written {
            return Ok((status, link));
        }
        current = app.store().links().find(member.handle(), slug).await?;
        check_version(headers, current.as_ref())?;
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this link; try again"))
}

/// The version of the link to write. In place of a damaged one it continues its id and version, if its item still has them.
pub(crate) fn next(
    app: &ApiState,
    handle: &Handle,
    slug: &Slug,
    current: Option<&Found<Link>>,
    settings: LinkSettings,
    password: &NextPassword,
) -> Link {
    let first = |id: LinkId, settings| Link::first(id, handle, slug, settings, password, app.now());
    match current {
        Some(Found::Intact(link)) => link.following(settings, password, app.now()),
        Some(Found::Damaged(damaged)) => match damaged_link_version(damaged) {
            Some((id, version)) => Link { version: version + 1, created_at: id.moment(), ..first(id, settings) },
            None => first(app.id(), settings),
        },
        None => first(app.id(), settings),
    }
}

/// What the audit log records of a link before a change.
pub(crate) fn audited(current: Option<&Found<Link>>) -> Value {
    match current {
        Some(Found::Intact(link)) => link.audited(),
        Some(Found::Damaged(_)) => damaged_state(),
        None => Value::Null,
    }
}

/// The campaign of a link must exist; one that the link already has is not checked again. `field` is its place in the request.
pub(crate) async fn check_campaign(
    app: &ApiState,
    handle: &Handle,
    settings: &LinkSettings,
    current: Option<&Found<Link>>,
    field: &str,
) -> Result<(), Problem> {
    let Some(id) = &settings.campaign_id else { return Ok(()) };
    let is_present = current.and_then(Found::intact).is_some_and(|link| link.settings.campaign_id.as_ref() == Some(id));
    if is_present || app.store().campaigns().find(handle, id).await?.is_some() {
        return Ok(());
    }
    let message = format!("no such campaign on this handle; create it first with POST /v2/handles/{handle}/campaigns");
    Err(Problem::field(field, message))
}

/// Honours `If-Match` and `If-None-Match` (RFC 9110 §13.1).
///
/// # Errors
/// 412 when `If-Match` does not name the link's version, or `If-None-Match` does.
pub(crate) fn check_version(headers: &HeaderMap, current: Option<&Found<Link>>) -> Result<(), Problem> {
    if names(headers, IF_MATCH, current) == Some(false) {
        return Err(Problem::new(Code::VersionMismatch, "the link is not at the version in If-Match; read it again and repeat the change"));
    }
    if names(headers, IF_NONE_MATCH, current) == Some(true) {
        return Err(Problem::new(
            Code::VersionMismatch,
            "the link is at a version that If-None-Match excludes; leave it out to replace the link",
        ));
    }
    Ok(())
}

/// Whether a header names the link's entity tag, or any by `*`; none when there is no such header. A damaged link has no tag.
pub(crate) fn names(headers: &HeaderMap, header: HeaderName, current: Option<&Found<Link>>) -> Option<bool> {
    // `If-None-Match` compares weakly, `If-Match` does not (RFC 9110 §8.8.3.2).
    let is_weak = header == IF_NONE_MATCH;
    let lines: Vec<_> = headers.get_all(header).iter().collect();
    let tags = || lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim);
    let is = |tag: &str, etag: &str| tag == etag || (is_weak && tag.strip_prefix("W/") == Some(etag));
    let fits = |found: &Found<Link>, tag: &str| tag == "*" || found.intact().is_some_and(|link| is(tag, &link.etag()));
    (!lines.is_empty()).then(|| current.is_some_and(|found| tags().any(|tag| fits(found, tag))))
}
