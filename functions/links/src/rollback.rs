//! `POST …/links/{slug}/rollback`: writes an earlier version again, as a new one.

use api::{ApiState, Code, JsonBody, LinksWrite, Member, PathParam, Problem, charge};
use axum::extract::State;
use axum::response::Response;
use domain::links::{NextPassword, Rollback};
use domain::values::name::{Handle, Slug};
use http::{HeaderMap, StatusCode};
use store::{Expect, WriteLink};

use crate::upsert::check_version;
use crate::view::{LinkView, answer};

api::request_body!(RollbackBody, "The version to roll back to.", Rollback::body(), {"version": 1});

/// Writes an earlier version of the link again, as a new version. The password stays as it is.
#[utoipa::path(post, path = "/v2/handles/{handle}/links/{slug}/rollback", tag = "links", security(("jwt" = []), ("pat" = ["links.write"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path), ("If-Match" = Option<String>, Header, description = "Roll back only this version.")),
    request_body = RollbackBody,
    responses((status = 200, description = "The link as it is now.", body = LinkView),
        (status = 409, description = "Changed meanwhile.", body = api::openapi::ErrorBody),
        (status = 412, description = "The link is at another version.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksWrite>,
    PathParam(slug): PathParam<Slug>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response, Problem> {
    let Rollback { version } = Rollback::read(body)?;
    let link = app.store().link(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
    check_version(&headers, Some(&link))?;
    let earlier = app.store().link_version(&link, version).await?.ok_or_else(|| Problem::not_found("version of this link"))?;
    // What was allowed when it was written may not be any more: the hosts of the system can grow.
    let leads_home = |destination: &domain::values::destination::Destination| destination.leads_to(&app.settings().own_hosts);
    if earlier.settings.destinations().any(leads_home) {
        return Err(Problem::field("destinationUrl", "of that version leads back to this service"));
    }
    charge(&app, &member.profile.owner).await?;
    let restored = link.following(earlier.settings, &NextPassword::Keep, app.now());
    let event = member.event(&app, "link.rolled_back", &slug).between(link.audited(), restored.audited());
    match app.store().write_link(&restored, Expect::of(Some(&link)), &event).await? {
        WriteLink::Written => Ok(answer(StatusCode::OK, restored, &app)),
        WriteLink::Changed => Err(Problem::new(Code::Conflict, "the link was changed meanwhile; read it again before rolling back")),
    }
}
