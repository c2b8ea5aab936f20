//! `GET …/audit-events`: the audit events of a handle, newest first (specification §12).

use api::{ApiState, ListResponse, Member, Operator, Paging, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::accounts::audit::{AuditEvent, AuditFilter};
use domain::values::form::{self, Form};
use domain::values::name::Handle;

/// Events that one page of a filtered list looks at.
const MAX_SCANNED: usize = 500;

/// Lists the audit events of a handle, newest first. They are kept for 400 days.
///
/// A filter other than by time is applied to 500 events at a time: a page may have fewer than `limit`, or none, and still a
/// `nextCursor`.
#[utoipa::path(get, path = "/v2/handles/{handle}/audit-events", tag = "handles", security(("jwt" = [])),
    params(("handle" = Handle, Path), AuditQuery),
    responses((status = 200, description = "A page of audit events.", body = ListResponse<AuditEvent>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<Operator>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<AuditEvent>>, Problem> {
    let (filter, paging) = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(fields(form)))?;
    let most = if filter.names_content() { MAX_SCANNED } else { paging.limit + 1 };
    let range = (filter.since, filter.until);
    let stretch = app.store().audit_log().list(member.handle(), range, app.now(), most, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(stretch.into_page(paging.limit, |event| filter.passes(event)), |event| event)))
}

api::query_parameters!(AuditQuery, |form| Some(fields(form)));

fn fields(form: &mut Form<'_>) -> (AuditFilter, Paging) {
    (AuditFilter::fields(form), Paging::fields(form))
}
