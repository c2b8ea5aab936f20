//! Path parameters, each parsed by its own type.
//!
//! A name that clients choose (a slug, a rule id) is refused with 400 when it is malformed, so that they learn the rule. An id
//! that the system issued is answered with 404 instead: a malformed one identifies nothing.

use axum::extract::{FromRequestParts, RawPathParams};
use domain::values::id::{ConversionId, DeliveryId, SubscriptionId};
use domain::values::name::{CampaignId, RuleId, SessionId, Slug, TokenId, UserId};
use http::request::Parts;

use crate::ApiState;
use crate::problem::Problem;

/// A path parameter; rejects a malformed one with 400.
pub struct PathParam<T>(pub T);

/// An id in the path; rejects a malformed one with 404, as one that does not exist.
pub struct PathId<T>(pub T);

impl<T: std::str::FromStr<Err = E>, E: ToString> PathParam<T> {
    /// The parameter of this name.
    async fn named(name: &str, parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
        text(name, parts, app).await?.parse().map(Self).map_err(|error: E| Problem::field(name, error.to_string()))
    }
}

/// The text of the parameter of this name.
///
/// # Errors
/// 400 when any parameter of the path is not UTF-8: then none of them can be read.
pub(crate) async fn text(name: &str, parts: &mut Parts, app: &ApiState) -> Result<String, Problem> {
    let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| Problem::field("path", "is not valid UTF-8"))?;
    Ok(params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default())
}

macro_rules! names {
    ($($type:ty => $name:literal),* $(,)?) => {$(
        impl FromRequestParts<ApiState> for PathParam<$type> {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
                Self::named($name, parts, app).await
            }
        }
    )*};
}

macro_rules! ids {
    ($($type:ty => $name:literal, $what:literal),* $(,)?) => {$(
        impl FromRequestParts<ApiState> for PathId<$type> {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &ApiState) -> Result<Self, Problem> {
                text($name, parts, app).await?.parse().map(Self).map_err(|_| Problem::not_found($what))
            }
        }
    )*};
}

names! {
    Slug => "slug",
    RuleId => "ruleId",
    UserId => "userId",
    CampaignId => "campaignId",
}

ids! {
    TokenId => "tokenId", "token",
    ConversionId => "conversionId", "conversion",
    SessionId => "sessionId", "session",
    SubscriptionId => "subscriptionId", "webhook subscription",
    DeliveryId => "deliveryId", "delivery",
}
