//! `PUT …/campaigns/{campaignId}`: changes what is named and leaves the rest.

use api::{ApiState, CampaignsWrite, Code, JsonBody, Member, PathParam, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::campaigns::CampaignChange;
use domain::values::name::{CampaignId, Handle};
use store::WriteCampaign;

use crate::binding::{self, Binding, TRIES};
use crate::view::CampaignView;

api::request_body!(CampaignUpdate, "What to change; what is left out stays.", CampaignChange::body(), {"status": "PAUSED"});

/// Changes a campaign. What is left out stays, null resets what may be missing.
///
/// The status goes from DRAFT to ACTIVE, between ACTIVE and PAUSED, and from PAUSED to DRAFT. Clicks and conversions are credited from
/// the moment it becomes ACTIVE to the moment it ceases to be.
#[utoipa::path(put, path = "/v2/handles/{handle}/campaigns/{campaignId}", tag = "campaigns", security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)), request_body = CampaignUpdate,
    responses((status = 200, description = "Changed.", body = CampaignView),
        (status = 409, description = "The status cannot become that, or the link belongs to another campaign.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    PathParam(id): PathParam<CampaignId>,
    JsonBody(body): JsonBody,
) -> Result<Json<CampaignView>, Problem> {
    let change = CampaignChange::read(body, &id, &app.settings().own_hosts)?;
    let password = binding::password(&app, &change.primary)?;
    for attempt in 0..TRIES {
        let before = app.store().campaign(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
        let binding = binding::load(&app, &member, &id, &change.primary, &password).await?;
        let campaign = before.changed(&change, app.now()).map_err(|illegal| Problem::new(Code::Conflict, illegal.to_string()))?;
        if attempt == 0 {
            charge(&app, &member.profile.owner).await?;
        }
        let mut events = vec![member.event(&app, "campaign.updated", &id).between(before.audited(), campaign.audited())];
        events.extend(binding.as_ref().map(|binding| binding.event(&app, &member)));
        let written = app.store().write_campaign(&campaign, Some(&before), binding.as_ref().map(Binding::write), &events).await?;
        if written == WriteCampaign::Written {
            return Ok(Json(CampaignView::of(campaign, &app)));
        }
    }
    Err(Problem::new(Code::Conflict, "many writers are changing this campaign or its link at once; try again"))
}
