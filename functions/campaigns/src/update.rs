//! `PUT …/campaigns/{campaignId}`: changes the given fields of a campaign.

use api::{ApiState, CampaignsWrite, Code, JsonBody, Member, PathParam, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::campaigns::CampaignChange;
use domain::values::name::{CampaignId, Handle};
use store::WriteOutcome;

use crate::binding::{self, Binding};
use crate::view::CampaignView;

api::request_body!(CampaignUpdate, "What to change; what is left out stays.", CampaignChange::body(), {"status": "PAUSED"});

/// Changes a campaign. Fields that are left out keep their values; null resets an optional one.
///
/// The status can change from DRAFT to ACTIVE, between ACTIVE and PAUSED, and from PAUSED to DRAFT. Clicks and conversions are
/// credited while it is ACTIVE.
#[utoipa::path(
    put,
    path = "/v2/handles/{handle}/campaigns/{campaignId}",
    tag = "campaigns",
    security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    request_body = CampaignUpdate,
    responses(
        (status = 200, description = "Changed.", body = CampaignView),
        (
            status = 409,
            description = "The status cannot become that, or the link belongs to another campaign.",
            body = api::openapi::ErrorBody,
        ),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    PathParam(id): PathParam<CampaignId>,
    JsonBody(body): JsonBody,
) -> Result<Json<CampaignView>, Problem> {
    let change = CampaignChange::read(body, &id, &app.settings().own_hosts)?;
    let password = binding::password(&app, &change.primary)?;
    for attempt in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let before = app.store().campaigns().get(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
        let binding = binding::load(&app, &member, &id, &change.primary, &password).await?;
        let campaign = before.changed(&change, app.now()).map_err(|illegal| Problem::new(Code::Conflict, illegal.to_string()))?;
        if attempt == 1 {
            charge(&app, &member.profile.owner).await?;
        }
        let mut events = vec![member.event(&app, "campaign.updated", &id).between(before.audited(), campaign.audited())];
        events.extend(binding.as_ref().map(|binding| binding.event(&app, &member)));
        let written = app.store().campaigns().write(&campaign, Some(&before), binding.as_ref().map(Binding::write), &events).await?;
        if written == WriteOutcome::Written {
            return Ok(Json(CampaignView::of(campaign, &app)));
        }
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this campaign or its link; try again"))
}
