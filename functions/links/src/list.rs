//! `GET …/links`: a handle's links by slug.

use api::{ApiState, LinksRead, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::Handle;

use crate::view::LinkView;

/// Lists a handle's links by slug.
#[utoipa::path(get, path = "/v2/handles/{handle}/links", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of links.", body = ListResponse<LinkView>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    paging: Paging,
) -> Result<Json<ListResponse<LinkView>>, Problem> {
    let page = app.store().links().list(member.handle(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |link| LinkView::of(link, &app))))
}
