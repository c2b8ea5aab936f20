//! `POST …/campaigns/{campaignId}/test-conversion`: tries a campaign out, on the very way a merchant's conversion takes.

use api::{ApiState, CampaignsWrite, Code, JsonBody, Member, PathParam, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::campaigns::Campaign;
use domain::clicks::ctx::{Claims, Consent};
use domain::conversions::TestConversionRequest;
use domain::links::Link;
use domain::values::id::ClickId;
use domain::values::money::{Currency, Money};
use domain::values::name::{CampaignId, Handle};
use http::StatusCode;
use serde_json::{Value, json};

use crate::convert::{Purpose, Receipt, accept};

api::request_body!(TestConversion, "What the test is worth.", TestConversionRequest::body(), {"value": 49, "currency": "USD"});

/// Submits a conversion that tries a campaign out, in any status.
///
/// A ctx of the primary link is minted for a click that nobody made, and accepted as any other, with `test: true`: it is listed, it
/// tells in `notCredited` what would keep a real one from being credited, and it is in no figure.
#[utoipa::path(post, path = "/v2/handles/{handle}/campaigns/{campaignId}/test-conversion", tag = "campaigns", security(("jwt" = []), ("pat" = ["campaigns.write"])),
    params(("handle" = Handle, Path), ("campaignId" = CampaignId, Path)), request_body = TestConversion,
    responses((status = 202, description = "Accepted.", body = Receipt),
        (status = 409, description = "The campaign has no primary link of its own.", body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<CampaignsWrite>,
    PathParam(id): PathParam<CampaignId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let TestConversionRequest { value, currency } = TestConversionRequest::read(body)?;
    let campaign = app.store().campaign(member.handle(), &id).await?.ok_or_else(|| Problem::not_found("campaign"))?;
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
    let after = json!({"clickId": claims.click_id, "slug": link.slug, "value": money.map(Money::amount), "currency": money.map(|money| money.currency)});
    let event = member.event(&app, "campaign.tested", &id).between(Value::Null, after);
    accept(&app, posted, member.request_id, Purpose::Test(Box::new(event))).await
}

/// The link whose ctx the test carries.
async fn primary_link(app: &ApiState, campaign: &Campaign) -> Result<Link, Problem> {
    let conflict = |message: String| Problem::new(Code::Conflict, message);
    let Some(slug) = &campaign.primary_slug else {
        return Err(conflict("the campaign has no primary link to test; give it primarySlug or primaryLink".to_owned()));
    };
    let link = app.store().link(&campaign.handle, slug).await?;
    let link = link.ok_or_else(|| conflict(format!("the primary link {slug} is gone; write it again or name another")))?;
    if link.settings.campaign_id.as_ref() != Some(&campaign.campaign_id) {
        return Err(conflict(format!("the primary link {slug} is not bound to this campaign; set its campaignId or name another")));
    }
    Ok(link)
}

/// What a visitor's ctx of this link would say now.
fn claims(app: &ApiState, link: &Link) -> Claims {
    let click_id: ClickId = app.id();
    Claims {
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
