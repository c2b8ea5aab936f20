//! `PUT …/links/{slug}`: creates the link or replaces what its owner set.

use axum::extract::State;
use axum::response::Response;
use domain::link::{Link, PasswordChange, Settings};
use domain::name::{Handle, Slug};
use domain::password::Hashed;
use edge::{App, Code, Creator, JsonBody, Member, Part, Problem, charge};
use http::header::IF_MATCH;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use store::{Expect, WriteLink};

use crate::view::{LinkView, answer, audited};

/// Concurrent writers of one link a write meets before it gives up.
const TRIES: usize = 8;

/// Creates or replaces a link.
///
/// Fields that are left out take their defaults, except `password`, which cannot be read back: left out it stays, null removes it.
#[utoipa::path(put, path = "/v2/handles/{handle}/links/{slug}", tag = "links", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path), ("If-Match" = Option<String>, Header, description = "Write only this version.")),
    request_body(content = Settings, description = "And `password`, a string of at most 128 characters."),
    responses((status = 201, description = "Created.", body = LinkView), (status = 200, description = "Replaced.", body = LinkView),
        (status = 409, description = "Too many concurrent writers.", body = edge::openapi::ErrorBody),
        (status = 412, description = "The link is at another version.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<App>,
    member: Member<Creator>,
    Part(slug): Part<Slug>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let (settings, password) = Settings::read(body, &app.settings().own_hosts)?;
    let mut current = app.store().link(member.handle(), &slug).await?;
    check_version(&headers, current.as_ref())?;
    charge(&app, &member.profile.owner).await?;
    let mut password = hashed(&app, password)?;
    for _ in 0..TRIES {
        let (link, expect) = next(&app, member.handle(), &slug, current.as_ref(), settings.clone(), &mut password);
        let (status, action) = match expect {
            Expect::Absent => (StatusCode::CREATED, "link.created"),
            Expect::Version(..) => (StatusCode::OK, "link.updated"),
        };
        let before = current.as_ref().map_or(Value::Null, audited);
        let event = member.event(&app, action, &link.slug).between(before, audited(&link));
        if app.store().write_link(&link, expect, &event).await? == WriteLink::Written {
            return Ok(answer(status, link, &app));
        }
        current = app.store().link(member.handle(), &slug).await?;
        check_version(&headers, current.as_ref())?;
    }
    Err(Problem::new(Code::Conflict, "many writers are changing this link at once; try again"))
}

/// What becomes of the stored hash.
pub(crate) enum NextPassword {
    Keep,
    Be(Option<Hashed>),
}

fn hashed(app: &App, change: PasswordChange) -> Result<NextPassword, Problem> {
    match change {
        PasswordChange::Keep => Ok(NextPassword::Keep),
        PasswordChange::Remove => Ok(NextPassword::Be(None)),
        PasswordChange::Set(text) => {
            let hash = Hashed::new(text.expose(), app.random().to_le_bytes());
            Ok(NextPassword::Be(Some(hash.ok_or_else(|| Problem::field("password", "cannot be used"))?)))
        }
    }
}

/// The version of the link to write, and what it must replace.
pub(crate) fn next(
    app: &App,
    handle: &Handle,
    slug: &Slug,
    current: Option<&Link>,
    settings: Settings,
    password: &mut NextPassword,
) -> (Link, Expect) {
    let now = app.now();
    let kept = current.and_then(|link| link.password.clone());
    let password = match password {
        NextPassword::Keep => kept,
        NextPassword::Be(hash) => hash.clone(),
    };
    let (id, version, created_at, expect) = match current {
        Some(link) => (link.id, link.version + 1, link.created_at, Expect::Version(link.id, link.version)),
        None => (app.id(), 1, now, Expect::Absent),
    };
    (Link { id, handle: handle.clone(), slug: slug.clone(), version, created_at, updated_at: now, password, settings }, expect)
}

/// Honours `If-Match` (RFC 9110 §13.1.1).
///
/// # Errors
/// 412 when it names no version the link is at.
pub(crate) fn check_version(headers: &HeaderMap, current: Option<&Link>) -> Result<(), Problem> {
    let Some(wanted) = headers.get(IF_MATCH).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let matches = current.is_some_and(|link| wanted.split(',').any(|tag| tag.trim() == "*" || tag.trim() == link.etag()));
    if matches {
        return Ok(());
    }
    Err(Problem::new(Code::VersionMismatch, "the link is not at the version in If-Match; read it again and repeat the change"))
}
