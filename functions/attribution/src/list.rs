//! `GET …/conversions`: a handle's conversions, newest first.

use api::{ApiState, ConversionsRead, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::Handle;

use crate::view::ConversionDetail;

/// Lists a handle's conversions, newest first.
#[utoipa::path(get, path = "/v2/handles/{handle}/conversions", tag = "conversions", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of conversions.", body = ListResponse<ConversionDetail>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsRead>,
    paging: Paging,
) -> Result<Json<ListResponse<ConversionDetail>>, Problem> {
    let newest = app.now().plus_secs(60).day();
    let page = app
        .store()
        .conversions()
        .list(member.handle(), newest, member.profile.created_at.day(), paging.limit, paging.cursor.as_deref())
        .await?;
    Ok(Json(ListResponse::of(page, ConversionDetail::of)))
}
