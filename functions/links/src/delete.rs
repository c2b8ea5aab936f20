//! `DELETE …/links/{slug}`: deletes a link; its clicks and conversions remain.

use api::{ApiState, Code, LinksWrite, Member, PathParam, Problem, charge};
use axum::extract::State;
use domain::values::name::{Handle, Slug};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use store::{Found, WriteOutcome};

use crate::upsert::{audited, check_version};

/// Deletes a link permanently. Its clicks, conversions and reports remain; a new link under its slug starts at version 1.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}/links/{slug}",
    tag = "links",
    security(("jwt" = []), ("pat" = ["links.write"])),
    params(
        ("handle" = Handle, Path),
        ("slug" = Slug, Path),
        ("If-Match" = Option<String>, Header, description = "Delete only this version."),
    ),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody),
        (status = 412, description = "The link is at another version.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksWrite>,
    PathParam(slug): PathParam<Slug>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let links = app.store().links();
    let present = async || links.find(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"));
    let mut found = present().await?;
    check_version(&headers, Some(&found))?;
    charge(&app, &member.profile.owner).await?;
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let event = member.event(&app, "link.deleted", &slug).between(audited(Some(&found)), Value::Null);
        let deleted = match &found {
            Found::Intact(link) => links.delete(link, &event).await?,
            Found::Damaged(damaged) => links.delete_damaged(member.handle(), &slug, damaged, &event).await?,
        };
        if deleted == WriteOutcome::Written {
            return Ok(StatusCode::NO_CONTENT);
        }
        found = present().await?;
        check_version(&headers, Some(&found))?;
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this link; try again"))
}
