//! `GET …/audit-events`: who did what on a handle, newest first (contract §12).

use axum::Json;
use axum::extract::State;
use domain::audit::Event;
use domain::name::Handle;
use edge::{App, Listed, Member, Operator, Paging, Problem};

/// Lists what was done on a handle, newest first, for 400 days.
#[utoipa::path(get, path = "/v2/handles/{handle}/audit-events", tag = "handles", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page of audit events.", body = Listed<Event>)))]
pub(crate) async fn list(State(app): State<App>, member: Member<Operator>, paging: Paging) -> Result<Json<Listed<Event>>, Problem> {
    let page = app.store().audit_events(member.handle(), app.now(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(Listed::of(page, |event| event)))
}
