//! `GET …/campaigns/{campaignId}`: one campaign.

use api::{ApiState, CampaignsRead, Member, PathParam, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::{CampaignId, Handle};

use crate::view::CampaignView;

/// Reads a campaign.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/campaigns/{campaignId}",
    tag = "campaigns",
    security(("jwt" = []), ("pat" = ["campaigns.read"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    responses((status = 200, description = "The campaign.", body = CampaignView))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsRead>,
    PathParam(id): PathParam<CampaignId>,
) -> Result<Json<CampaignView>, Problem> {
    let campaign = app.store().campaigns().get(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
    Ok(Json(CampaignView::of(campaign, &app)))
}
