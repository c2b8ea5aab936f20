//! `POST …/campaigns`: a campaign and its primary link, both or neither.

use api::{ApiState, CampaignsWrite, Code, JsonBody, Member, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::campaigns::{Campaign, NewCampaign};
use domain::values::name::Handle;
use http::StatusCode;
use serde_json::Value;
use store::WriteOutcome;

use crate::binding::{self, Binding};
use crate::view::CampaignView;

api::request_body!(CampaignBody, "A campaign to create.", NewCampaign::body(), {
    "campaignId": "spring-sale",
    "goalType": "PRODUCT_SALE",
    "status": "ACTIVE",
    "name": "Spring sale",
    "currency": "EUR",
    "primaryLink": {"slug": "spring", "destinationUrl": "https://shop.example/spring"}
});

/// Creates a campaign, with its primary link.
///
/// `primaryLink` writes that link, `primarySlug` names one that exists; either is bound to the campaign in the same transaction. Other
/// links feed it once they carry its `campaignId`. An id that was deleted may be used again and goes on with its figures.
#[utoipa::path(post, path = "/v2/handles/{handle}/campaigns", tag = "campaigns", security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path)), request_body = CampaignBody,
    responses((status = 201, description = "Created.", body = CampaignView),
        (status = 409, description = "The id is taken, or the link belongs to another campaign.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<CampaignView>), Problem> {
    let draft = NewCampaign::read(body, &app.settings().own_hosts)?;
    let (id, primary) = (&draft.campaign_id, &draft.change.primary);
    let password = binding::password(&app, primary)?;
    for attempt in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        if app.store().campaigns().find(member.handle(), id).await?.is_some() {
            return Err(Problem::new(Code::Conflict, format!("there is a campaign {id} already; choose another id or change that one")));
        }
        let binding = binding::load(&app, &member, id, primary, &password).await?;
        if attempt == 1 {
            charge(&app, &member.profile.owner).await?;
        }
        let campaign = Campaign::new(member.handle(), &draft, app.now());
        let mut events = vec![member.event(&app, "campaign.created", id).between(Value::Null, campaign.audited())];
        events.extend(binding.as_ref().map(|binding| binding.event(&app, &member)));
        let written = app.store().campaigns().write(&campaign, None, binding.as_ref().map(Binding::write), &events).await?;
        if written == WriteOutcome::Written {
            return Ok((StatusCode::CREATED, Json(CampaignView::of(campaign, &app))));
        }
    }
    Err(Problem::new(Code::Conflict, "too many concurrent writers of this campaign or its link; try again"))
}
