//! `GET …/campaigns/{campaignId}`: one campaign.

use axum::Json;
use axum::extract::State;
use domain::name::{CampaignId, Handle};
use edge::{App, Creator, Member, Part, Problem};

use crate::view::CampaignView;

/// Reads a campaign.
#[utoipa::path(get, path = "/v2/handles/{handle}/campaigns/{campaignId}", tag = "campaigns", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    responses((status = 200, description = "The campaign.", body = CampaignView)))]
pub(crate) async fn handle(
    State(app): State<App>,
    member: Member<Creator>,
    Part(id): Part<CampaignId>,
) -> Result<Json<CampaignView>, Problem> {
    let campaign = app.store().campaign(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
    Ok(Json(CampaignView::of(campaign, &app)))
}
