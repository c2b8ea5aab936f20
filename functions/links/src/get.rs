//! `GET …/links/{slug}`: one link.

use axum::extract::State;
use axum::response::Response;
use domain::name::{Handle, Slug};
use edge::{App, Creator, Member, Part, Problem};
use http::StatusCode;

use crate::view::{LinkView, answer};

/// Reads a link.
#[utoipa::path(get, path = "/v2/handles/{handle}/links/{slug}", tag = "links", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path)), responses((status = 200, description = "The link.", body = LinkView)))]
pub(crate) async fn handle(State(app): State<App>, member: Member<Creator>, Part(slug): Part<Slug>) -> Result<Response, Problem> {
    let link = app.store().link(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
    Ok(answer(StatusCode::OK, link, &app))
}
