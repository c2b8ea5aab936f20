//! `POST …/links/{slug}/rollback`: restores an earlier version as a new one.

use api::{ApiState, Code, JsonBody, LinksWrite, Member, PathParam, Problem, charge};
use axum::extract::State;
use axum::response::Response;
use domain::links::{NextPassword, Rollback};
use domain::values::name::{Handle, Slug};
use http::{HeaderMap, StatusCode};
use store::{Expect, Found, WriteOutcome};

use crate::upsert::{check_campaign, check_version};
use crate::view::{LinkView, respond};

api::request_body!(RollbackBody, "The version to roll back to.", Rollback::body(), {"version": 1});

/// Restores an earlier version of the link as a new version. The password is not changed.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/links/{slug}/rollback",
    tag = "links",
    security(("jwt" = []), ("pat" = ["links.write"])),
    params(
        ("handle" = Handle, Path),
        ("slug" = Slug, Path),
        ("If-Match" = Option<String>, Header, description = "Roll back only this version."),
    ),
    request_body = RollbackBody,
    responses(
        (status = 200, description = "The restored link.", body = LinkView),
        (status = 400, description = "That version leads back to this service, or its campaign has been deleted.", body = api::openapi::ErrorBody),
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
    let Rollback { version } = Rollback::read(body)?;
    let present = async || {
        let link = app.store().links().get(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
        check_version(&headers, Some(&Found::Intact(link.clone())))?;
        Ok::<_, Problem>(link)
    };
    let mut link = present().await?;
    let earlier = app.store().links().version(&link, version).await?.ok_or_else(|| Problem::not_found("version of this link"))?;
    // Checked again: the hosts of the system may have changed since it was written.
    let is_own = |destination: &domain::values::destination::Destination| destination.leads_to(&app.settings().own_hosts);
    if earlier.settings.destinations().any(is_own) {
        return Err(Problem::field("destinationUrl", "of that version leads back to this service"));
    }
    check_campaign(&app, member.handle(), &earlier.settings, Some(&Found::Intact(link.clone())), "campaignId").await?;
    charge(&app, &member.profile.owner).await?;
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let restored = link.following(earlier.settings.clone(), &NextPassword::Keep, app.now());
        let event = member.event(&app, "link.rolled_back", &slug).between(link.audited(), restored.audited());
        if app.store().links().write(&restored, Expect::of(Some(&link)), &event).await? == WriteOutcome::Written {
            return Ok(respond(StatusCode::OK, restored, &app));
        }
        let changed = present().await?;
        if changed.id != link.id {
            return Err(Problem::new(Code::Conflict, "the link was deleted and created again; read it before rolling back"));
        }
        link = changed;
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this link; try again"))
}
