//! `GET …/campaigns/{campaignId}/health`: checks whether clicks and conversions will be credited.

use api::{ApiState, CampaignsRead, Member, PathParam, Problem};
use axum::Json;
use axum::extract::State;
use domain::campaigns::HealthStatus;
use domain::links::Link;
use domain::reports::campaign_health::{HealthCheck, HealthFacts, checks, worst};
use domain::reports::confidence::{Freshness, ReportConfidence};
use domain::reports::{Dimension, Report, Selection};
use domain::values::moment::Moment;
use domain::values::name::{CampaignId, Handle};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::payload::{HealthPayload, Payload};
use serde::Serialize;

/// Days of figures that a campaign's health is computed from.
const DAYS: i64 = 30;

/// The health of a campaign.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignHealth {
    campaign_id: CampaignId,
    /// The status of the worst check.
    status: HealthStatus,
    checks: Vec<HealthCheck>,
    checked_at: Moment,
}

/// Computes a campaign's health from its link and its figures of the last 30 days.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/campaigns/{campaignId}/health",
    tag = "campaigns",
    security(("jwt" = []), ("pat" = ["campaigns.read"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    responses((status = 200, description = "Its health.", body = CampaignHealth))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsRead>,
    PathParam(id): PathParam<CampaignId>,
) -> Result<Json<CampaignHealth>, Problem> {
    let now = app.now();
    let campaign = app.store().campaigns().get(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
    let link = match &campaign.primary_slug {
        Some(slug) => app.store().links().get(member.handle(), slug).await?,
        None => None,
    };
    let clicks_used_up = match &link {
        Some(link) => are_clicks_used_up(&app, link).await?,
        None => false,
    };
    let today = now.day();
    let (selection, from) = (Selection::Campaign(id.clone()), today.plus(1 - DAYS));
    let cells = app.store().rollups().read(member.handle(), &selection, Some(Dimension::Day), from, today);
    let (cells, waiting_since) = futures::try_join!(cells, app.store().system().waiting_since(member.handle()))?;
    let figures = Report::of(cells.days.iter().map(|(day, counts)| (*day, counts)), Dimension::Day).totals;
    let confidence = ReportConfidence::of(&figures, Freshness::of(cells.updated_at, waiting_since, now).is_stale());
    let own_hosts = &app.settings().own_hosts;
    let facts = HealthFacts {
        campaign: &campaign,
        link: link.as_ref(),
        clicks_used_up,
        own_hosts,
        figures: &figures,
        confidence: &confidence,
        now,
    };
    let checks = checks(&facts);
    let status = worst(&checks);
    record_health(&app, member.handle(), &id, status).await?;
    Ok(Json(CampaignHealth { campaign_id: id, status, checks, checked_at: now }))
}

/// Records the health, with an event for subscriptions when it differs from the last request's.
async fn record_health(app: &ApiState, handle: &Handle, id: &CampaignId, status: HealthStatus) -> Result<(), Problem> {
    let before = app.store().campaigns().last_health(handle, id).await?;
    if before.as_deref() == Some(status.as_str()) {
        return Ok(());
    }
    let change = before.clone().map(|before| {
        let payload = HealthPayload { campaign_id: id.clone(), before, after: status.as_str().to_owned() };
        Envelope::new(app.id(), handle.clone(), app.now(), &Payload::CampaignHealthChanged(payload))
    });
    Ok(app.store().campaigns().record_health((handle, id), before.as_deref(), status.as_str(), change.as_ref()).await?)
}

async fn are_clicks_used_up(app: &ApiState, link: &Link) -> Result<bool, Problem> {
    let Some(max_clicks) = link.settings.max_clicks else { return Ok(false) };
    Ok(u64::from(app.store().limits().clicks_used(&link.handle, link.id).await?) >= max_clicks)
}
