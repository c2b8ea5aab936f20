//! `GET …/links/{slug}/history`: the versions of a link, newest first.

use api::{ApiState, LinksRead, ListResponse, Member, Paging, PathParam, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::{Handle, Slug};

use crate::view::LinkView;

/// Lists the versions of a link, newest first. `hasPassword` says whether the version had one; a rollback does not restore it.
#[utoipa::path(get, path = "/v2/handles/{handle}/links/{slug}/history", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path), Paging),
    responses((status = 200, description = "A page of versions.", body = ListResponse<LinkView>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    PathParam(slug): PathParam<Slug>,
    paging: Paging,
) -> Result<Json<ListResponse<LinkView>>, Problem> {
    let link = app.store().links().get(member.handle(), &slug).await?.ok_or_else(|| Problem::not_found("link"))?;
    let page = app.store().links().history(&link, paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |(version, had_password)| LinkView::of_version(version, had_password, &app))))
}
