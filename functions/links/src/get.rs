//! `GET …/links/{slug}`: one link.

use api::{ApiState, LinksRead, Member, PathParam, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use domain::values::name::{Handle, Slug};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use store::Found;

use crate::upsert::names;
use crate::view::{LinkView, respond};

/// Reads a link. With `If-None-Match` and its present entity tag the answer is 304, without a body.
#[utoipa::path(get, path = "/v2/handles/{handle}/links/{slug}", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the version that is known.")),
    responses((status = 200, description = "The link.", body = LinkView), (status = 304, description = "The known version is the present one.")))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    PathParam(slug): PathParam<Slug>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let link = app.store().links().get(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
    let found = Found::Intact(link.clone());
    let is_known = names(&headers, IF_NONE_MATCH, Some(&found)) == Some(true);
    let mut response = respond(StatusCode::OK, link, &app);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    Ok(response)
}
