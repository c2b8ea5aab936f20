//! `DELETE …/campaigns/{campaignId}`: deletes a campaign; its links and figures remain.

use api::{ApiState, CampaignsWrite, Code, Member, PathParam, Problem, charge, damaged_state};
use axum::extract::State;
use domain::campaigns::Campaign;
use domain::values::name::{CampaignId, Handle};
use http::StatusCode;
use serde_json::Value;
use store::{Found, WriteOutcome};

/// Deletes a campaign.
///
/// Its links continue to redirect and keep its `campaignId`, but nothing more is credited to it. Its figures remain in reports
/// by campaign and in funnels, where it is marked as `deleted`, and a new campaign under its id continues them; no further conversion is credited to clicks from before.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}/campaigns/{campaignId}",
    tag = "campaigns",
    security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "The campaign was changed concurrently.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    PathParam(id): PathParam<CampaignId>,
) -> Result<StatusCode, Problem> {
    let campaigns = app.store().campaigns();
    let found = campaigns.find(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
    charge(&app, &member.profile.owner).await?;
    let before = found.intact().map_or_else(damaged_state, Campaign::audited);
    let event = member.event(&app, "campaign.deleted", &id).between(before, Value::Null);
    let deleted = match &found {
        Found::Intact(campaign) => campaigns.delete(campaign, &event).await?,
        Found::Damaged(damaged) => campaigns.delete_damaged(member.handle(), &id, damaged, &event).await?,
    };
    match deleted {
        WriteOutcome::Written => Ok(StatusCode::NO_CONTENT),
        WriteOutcome::Changed => {
            Err(Problem::new(Code::Conflict, "the campaign was changed concurrently; read it again before deleting it"))
        }
    }
}
