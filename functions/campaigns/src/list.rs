//! `GET …/campaigns`: a handle's campaigns by id.

use api::{ApiState, CampaignsRead, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::Handle;

use crate::view::CampaignView;

/// Lists a handle's campaigns by id.
#[utoipa::path(get, path = "/v2/handles/{handle}/campaigns", tag = "campaigns", security(("jwt" = []), ("pat" = ["campaigns.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of campaigns.", body = ListResponse<CampaignView>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsRead>,
    paging: Paging,
) -> Result<Json<ListResponse<CampaignView>>, Problem> {
    let page = app.store().campaigns().list(member.handle(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |campaign| CampaignView::of(campaign, &app))))
}
