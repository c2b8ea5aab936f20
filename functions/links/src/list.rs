//! `GET …/links`: a handle's links by slug.

use axum::Json;
use axum::extract::State;
use domain::name::Handle;
use edge::{App, LinksRead, Listed, Member, Paging, Problem};

use crate::view::LinkView;

/// Lists a handle's links by slug.
#[utoipa::path(get, path = "/v2/handles/{handle}/links", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page of links.", body = Listed<LinkView>)))]
pub(crate) async fn handle(State(app): State<App>, member: Member<LinksRead>, paging: Paging) -> Result<Json<Listed<LinkView>>, Problem> {
    let page = app.store().links(member.handle(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(Listed::of(page, |link| LinkView::of(link, &app))))
}
