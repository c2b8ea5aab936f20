//! The link that the bench follows.

use anyhow::{Result, anyhow};
use domain::links::{Link, Settings};
use domain::testing;
use domain::values::destination::OwnHosts;
use domain::values::id::LinkId;
use domain::values::moment::Moment;
use serde_json::{Value, json};

/// The owning handle.
pub(crate) const HANDLE: &str = "demo";
/// When the links were created.
pub(crate) const CREATED_AT: Moment = Moment::from_millis(1_772_366_400_000);

/// The body that creates the link: a campaign, tracking parameters and two rules.
pub(crate) fn body() -> Value {
    json!({
        "destinationUrl": "https://shop.example.com/spring/collection?ref=newsletter",
        "title": "Spring collection",
        "campaignId": "spring-2026",
        "tags": ["spring", "newsletter"],
        "tracking": {"utmSource": "newsletter", "utmMedium": "email", "utmCampaign": "spring"},
        "routingRules": [
            {"priority": 1, "destinationUrl": "https://shop.example.com/jp/spring", "conditions": {"countryIn": ["JP"]}},
            {"priority": 2, "destinationUrl": "https://shop.example.com/tv/spring", "conditions": {"deviceIn": ["TABLET"], "countryIn": ["NZ"]}},
        ],
    })
}

/// Its campaign.
pub(crate) fn campaign() -> Value {
    json!({"campaignId": "spring-2026", "goalType": "PRODUCT_SALE", "status": "ACTIVE"})
}

/// A link with this body under a slug.
pub(crate) fn link(slug: &str, body: Value) -> Result<Link> {
    let (settings, _) = Settings::read(body, &OwnHosts::default()).map_err(|faults| anyhow!("the bench's link is invalid: {faults:?}"))?;
    Ok(Link {
        id: LinkId::new(CREATED_AT, 7),
        handle: HANDLE.parse()?,
        slug: slug.parse()?,
        version: 3,
        ..testing::link(CREATED_AT, settings)
    })
}

/// The link as it is stored.
pub(crate) fn document(slug: &str) -> Result<String> {
    Ok(serde_json::to_string(&link(slug, body())?)?)
}

/// The slug of the bench's link with this number.
pub(crate) fn slug(number: usize) -> String {
    format!("link-{number:04}")
}
