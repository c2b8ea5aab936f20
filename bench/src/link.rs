//! The link the bench follows, as an owner would make one.

use anyhow::{Result, anyhow};
use domain::links::{Link, LinkSettings};
use domain::values::destination::OwnHosts;
use domain::values::id::LinkId;
use domain::values::moment::Moment;
use serde_json::{Value, json};

/// Whose links these are.
pub(crate) const HANDLE: &str = "demo";
/// When they were made.
pub(crate) const MADE: Moment = Moment::from_millis(1_772_366_400_000);

/// What an owner sends: a campaign, tracking parameters and two rules.
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

/// The campaign it feeds.
pub(crate) fn campaign() -> Value {
    json!({"campaignId": "spring-2026", "goalType": "PRODUCT_SALE", "status": "ACTIVE"})
}

/// That link under a slug.
pub(crate) fn link(slug: &str, body: Value) -> Result<Link> {
    let (settings, _) =
        LinkSettings::read(body, &OwnHosts::default()).map_err(|faults| anyhow!("the bench's own link is refused: {faults:?}"))?;
    Ok(Link {
        id: LinkId::new(MADE, 7),
        handle: HANDLE.parse()?,
        slug: slug.parse()?,
        version: 3,
        created_at: MADE,
        updated_at: MADE,
        password: None,
        settings,
    })
}

/// That link as it is stored.
pub(crate) fn document(slug: &str) -> Result<String> {
    Ok(serde_json::to_string(&link(slug, body())?)?)
}

/// The slug of the bench's link with this number.
pub(crate) fn slug(number: usize) -> String {
    format!("link-{number:04}")
}
