//! `POST …/campaigns/{campaignId}/test-conversion`: a test of a campaign, accepted by the same code as a merchant's conversion.

use api::{ApiState, CampaignsWrite, Code, JsonBody, Member, PathParam, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::campaigns::Campaign;
use domain::clicks::ctx::{Consent, CtxClaims};
use domain::conversions::TestConversionRequest;
use domain::links::Link;
use domain::values::id::ClickId;
use domain::values::money::{Currency, Money};
use domain::values::name::{CampaignId, Handle};
use http::StatusCode;
use serde_json::{Value, json};

use crate::convert::{Purpose, accept};
use crate::receipt::{Receipt, Submitted};

api::request_body!(TestConversion, "What the test is worth.", TestConversionRequest::body(), {"value": 49, "currency": "USD"});

/// Submits a test conversion of a campaign, in any status.
///
/// A ctx of the primary link is created for a click that did not happen, and accepted like any other, with `test: true`: the
/// conversion is listed, `notCredited` states why a real one would not be credited, and it is not part of any figure.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/campaigns/{campaignId}/test-conversion",
    tag = "campaigns",
    security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)),
    request_body = TestConversion,
    responses(
        (status = 202, description = "Accepted.", body = Receipt),
        (status = 409, description = "The campaign has no primary link of its own.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    PathParam(id): PathParam<CampaignId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Submitted>), Problem> {
    let TestConversionRequest { value, currency } = TestConversionRequest::read(body)?;
    let campaign = app.store().campaigns().get(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
    let currency = currency.or(campaign.currency).unwrap_or(Currency::USD);
    let money = value.map(|value| Money::read(&value, currency)).transpose().map_err(|error| Problem::field("value", error))?;
    let link = primary_link(&app, &campaign).await?;
    let keys = app.keys().await?;
    charge(&app, &member.profile.owner).await?;
    let claims = claims(&app, &link);
    let mut posted = json!({
        "ctx": keys.ring.seal(&claims), "idempotencyKey": format!("test-{}", claims.click_id),
        "eventType": campaign.conversion_event_type,
    });
    if let (Some(money), Some(members)) = (money, posted.as_object_mut()) {
        members.insert("value".to_owned(), Value::Number(money.amount()));
        members.insert("currency".to_owned(), json!(money.currency));
    }
    let (value, currency) = (money.map(Money::amount), money.map(|money| money.currency));
    let after = json!({"clickId": claims.click_id, "slug": link.slug, "value": value, "currency": currency});
    let event = member.event(&app, "campaign.tested", &id).between(Value::Null, after);
    accept(&app, posted, member.request_id, Purpose::Test(Box::new(event))).await
}

/// The link whose ctx the test carries.
async fn primary_link(app: &ApiState, campaign: &Campaign) -> Result<Link, Problem> {
    let conflict = |message: String| Problem::new(Code::Conflict, message);
    let Some(slug) = &campaign.primary_slug else {
        return Err(conflict("the campaign has no primary link to test; give it primarySlug or primaryLink".to_owned()));
    };
    let link = app.store().links().get(&campaign.handle, slug).await?;
    let link = link.ok_or_else(|| conflict(format!("the primary link {slug} no longer exists; create it again or name another one")))?;
    if link.settings.campaign_id.as_ref() != Some(&campaign.campaign_id) {
        return Err(conflict(format!("the primary link {slug} is not bound to this campaign; set its campaignId or name another")));
    }
    Ok(link)
}

/// The claims of a visitor's ctx of this link at this moment.
fn claims(app: &ApiState, link: &Link) -> CtxClaims {
    let click_id: ClickId = app.id();
    CtxClaims {
        click_id,
        handle: link.handle.clone(),
        slug: link.slug.clone(),
        campaign_id: link.settings.campaign_id.clone(),
        rule: None,
        session_id: None,
        chain_position: 0,
        consent: Consent::Full,
        bot: false,
        expires_at: click_id.moment().plus_days(app.settings().ctx_life_days),
    }
}
