//! `GET …/links/{slug}`: one link.

use api::{ApiState, LinksRead, Member, PathParam, Problem};
use axum::extract::State;
use axum::response::Response;
use domain::values::name::{Handle, Slug};
use http::StatusCode;

use crate::view::{LinkView, respond};

/// Reads a link.
#[utoipa::path(get, path = "/v2/handles/{handle}/links/{slug}", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path)), responses((status = 200, description = "The link.", body = LinkView)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    PathParam(slug): PathParam<Slug>,
) -> Result<Response, Problem> {
    let link = app.store().links().get(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
    Ok(respond(StatusCode::OK, link, &app))
}
