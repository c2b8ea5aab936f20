//! What an owner sets on a link (specification §4).

use serde::{Deserialize, Serialize};

use crate::links::rules::RoutingRule;
use crate::values::destination::Destination;
use crate::values::moment::Moment;
use crate::values::name::CampaignId;

/// How the redirect answers; both are temporary, 307 keeps the method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "u16", into = "u16")]
pub enum RedirectType {
    /// 302, the default.
    #[default]
    Found,
    /// 307.
    Temporary,
}

impl From<RedirectType> for u16 {
    fn from(kind: RedirectType) -> Self {
        match kind {
            RedirectType::Found => 302,
            RedirectType::Temporary => 307,
        }
    }
}

impl From<u16> for RedirectType {
    /// Reads a stored status: one that this version does not know is answered as the default.
    fn from(status: u16) -> Self {
        if status == 307 { Self::Temporary } else { Self::Found }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for RedirectType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::Integer).enum_values(Some([302, 307])).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for RedirectType {}

/// Campaign parameters added to the destination where it lacks them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tracking {
    /// `utm_source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_source: Option<String>,
    /// `utm_medium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_medium: Option<String>,
    /// `utm_campaign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_campaign: Option<String>,
    /// `utm_term`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_term: Option<String>,
    /// `utm_content`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm_content: Option<String>,
}

impl Tracking {
    /// The parameters that are set, as query keys and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("utm_source", &self.utm_source),
            ("utm_medium", &self.utm_medium),
            ("utm_campaign", &self.utm_campaign),
            ("utm_term", &self.utm_term),
            ("utm_content", &self.utm_content),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.as_deref()?)))
    }
}

/// Whether the visitor is redirected at once or over a page that carries the context on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// A redirect.
    #[default]
    Direct,
    /// A page in between that works with scripts off.
    Bridge,
}

/// How a click's context travels on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrackingPolicy {
    /// Redirect or bridge page.
    #[serde(default)]
    pub mode: Transport,
    /// Whether `ctx` is appended to the destination.
    #[serde(default = "yes")]
    pub append_context_param: bool,
}

impl Default for TrackingPolicy {
    fn default() -> Self {
        Self { mode: Transport::Direct, append_context_param: true }
    }
}

fn yes() -> bool {
    true
}

/// Routing rules one link may have.
pub const MAX_RULES: usize = 50;

/// Everything an owner sets on a link besides its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkSettings {
    /// Where visitors go when no rule matches.
    pub destination_url: Destination,
    /// Shown in lists.
    #[serde(default)]
    pub title: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Coarser labels.
    #[serde(default)]
    pub categories: Vec<String>,
    /// A disabled link answers 404.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// 302 or 307.
    #[serde(default)]
    pub redirect_type: RedirectType,
    /// Before this moment the link answers 404.
    #[serde(default)]
    pub scheduled_start_at: Option<Moment>,
    /// From this moment on the link answers 410.
    #[serde(default)]
    pub scheduled_end_at: Option<Moment>,
    /// From this moment on the link answers 410.
    #[serde(default)]
    pub expires_at: Option<Moment>,
    /// Human clicks after which the link answers 410.
    #[serde(default)]
    pub max_clicks: Option<u64>,
    /// The campaign its clicks and conversions are credited to.
    #[serde(default)]
    pub campaign_id: Option<CampaignId>,
    /// Where visitors go, without ctx, when the link is not open.
    #[serde(default)]
    pub fallback_url: Option<Destination>,
    /// Rules, evaluated by ascending priority, equal ones in this order.
    #[serde(default)]
    pub routing_rules: Vec<RoutingRule>,
    /// Campaign parameters for the destination.
    #[serde(default)]
    pub tracking: Tracking,
    /// How the context travels.
    #[serde(default)]
    pub tracking_policy: TrackingPolicy,
    /// Whether the visitor's own query parameters are handed on.
    #[serde(default)]
    pub query_passthrough: bool,
    /// Title of the social preview.
    #[serde(default)]
    pub og_title: Option<String>,
    /// Text of the social preview.
    #[serde(default)]
    pub og_description: Option<String>,
    /// Picture of the social preview.
    #[serde(default)]
    pub og_image: Option<Destination>,
}

impl LinkSettings {
    /// Every address a visitor could be sent to.
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let rules = self.routing_rules.iter().map(|rule| &rule.destination_url);
        [&self.destination_url].into_iter().chain(&self.fallback_url).chain(rules)
    }
}
