//! Links: what an owner may set, and whether a link is open at a moment (contract §4).

pub mod visit;
mod write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::routing::Rule;
use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::id::LinkId;
use crate::values::moment::Moment;
use crate::values::name::{CampaignId, Handle, Slug};
use crate::values::password::Hashed;
use crate::values::secret::SecretText;

pub use write::NextPassword;

/// How the redirect answers; both are temporary, 307 keeps the method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
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

impl TryFrom<u16> for RedirectType {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            302 => Ok(Self::Found),
            307 => Ok(Self::Temporary),
            _ => Err("must be 302 or 307"),
        }
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

    fn read(form: &mut Form<'_>) -> Self {
        let mut field = |name| form.optional(name, form::text_up_to(200));
        Self {
            utm_source: field("utmSource"),
            utm_medium: field("utmMedium"),
            utm_campaign: field("utmCampaign"),
            utm_term: field("utmTerm"),
            utm_content: field("utmContent"),
        }
    }
}

/// Whether the visitor is sent on at once or over a page that carries the context on.
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
pub struct Settings {
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
    pub routing_rules: Vec<Rule>,
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

/// What a write does to a password that can never be read back.
#[derive(Clone, Debug)]
pub enum PasswordChange {
    /// The member is absent.
    Keep,
    /// The member is null.
    Remove,
    /// The member is a string.
    Set(SecretText),
}

impl Settings {
    /// Reads the body of a link write.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts) -> Result<(Self, PasswordChange), Faults> {
        let notes = Notes::default();
        let settings = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
            let settings = Self::fields(&mut form, own);
            form.close();
            settings
        });
        notes.settle(settings)
    }

    /// Every address a visitor could be sent to.
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let rules = self.routing_rules.iter().map(|rule| &rule.destination_url);
        [&self.destination_url].into_iter().chain(&self.fallback_url).chain(rules)
    }

    /// Reads the members of a link write from a form that may hold others too.
    pub(crate) fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<(Self, PasswordChange)> {
        let address = |value| Destination::admit(&form::text(value)?, own).map_err(|error| error.to_string());
        let destination_url = form.required("destinationUrl", address);
        let scheduled_start_at: Option<Moment> = form.optional("scheduledStartAt", form::parsed);
        let scheduled_end_at: Option<Moment> = form.optional("scheduledEndAt", form::parsed);
        if let (Some(start), Some(end)) = (scheduled_start_at, scheduled_end_at)
            && end <= start
        {
            form.fault("scheduledEndAt", "must be after scheduledStartAt");
        }
        let password = Self::password(form);
        let settings = Self {
            title: form.optional("title", form::text_up_to(200)),
            description: form.optional("description", form::text_up_to(2000)),
            tags: form.list("tags", 50, form::text_up_to(64)),
            categories: form.list("categories", 50, form::text_up_to(64)),
            enabled: form.optional("enabled", form::boolean).unwrap_or(true),
            redirect_type: form
                .optional("redirectType", |value| RedirectType::try_from(u16::try_from(value.as_u64().unwrap_or(0)).unwrap_or(0)))
                .unwrap_or_default(),
            scheduled_start_at,
            scheduled_end_at,
            expires_at: form.optional("expiresAt", form::parsed),
            max_clicks: form.optional("maxClicks", form::integer(1, 1_000_000_000)).map(i64::unsigned_abs),
            campaign_id: form.optional("campaignId", form::parsed),
            fallback_url: form.optional("fallbackUrl", address),
            routing_rules: form.objects("routingRules", MAX_RULES, |rule| Rule::read(rule, own)),
            tracking: form.object("tracking", |tracking| Some(Tracking::read(tracking))).unwrap_or_default(),
            tracking_policy: form.object("trackingPolicy", policy).unwrap_or_default(),
            query_passthrough: form.optional("queryPassthrough", form::boolean).unwrap_or(false),
            og_title: form.optional("ogTitle", form::text_up_to(200)),
            og_description: form.optional("ogDescription", form::text_up_to(500)),
            og_image: form.optional("ogImage", address),
            destination_url: destination_url?,
        };
        Some((settings, password))
    }

    fn password(form: &mut Form<'_>) -> PasswordChange {
        if !form.has("password") {
            return if form.names("password") { PasswordChange::Remove } else { PasswordChange::Keep };
        }
        let password = form.optional("password", |value| match form::text_up_to(128)(value) {
            Ok(text) if text.is_empty() => Err("must not be empty; null removes it".to_owned()),
            other => other,
        });
        password.map_or(PasswordChange::Keep, |text| PasswordChange::Set(SecretText::new(text)))
    }
}

fn policy(form: &mut Form<'_>) -> Option<TrackingPolicy> {
    let mode = form.optional("mode", |value| match value.as_str() {
        Some("DIRECT") => Ok(Transport::Direct),
        Some("BRIDGE") => Ok(Transport::Bridge),
        _ => Err("must be DIRECT or BRIDGE"),
    });
    let append = form.optional("appendContextParam", form::boolean);
    Some(TrackingPolicy { mode: mode.unwrap_or_default(), append_context_param: append.unwrap_or(true) })
}

/// A link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// This life of the link; the click counter of `maxClicks` hangs on it.
    pub id: LinkId,
    /// Whose it is.
    pub handle: Handle,
    /// Its path.
    pub slug: Slug,
    /// One more with every write.
    pub version: u64,
    /// When it was first written.
    pub created_at: Moment,
    /// When this version was written.
    pub updated_at: Moment,
    /// The password's hash, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Hashed>,
    /// What its owner set.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Why a link sends nobody to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// `enabled` is false.
    Disabled,
    /// Before `scheduledStartAt`.
    NotStarted,
    /// From `scheduledEndAt` on.
    Ended,
    /// From `expiresAt` on.
    Expired,
    /// `maxClicks` human clicks have been made.
    ClickLimit,
}

impl Closed {
    /// Whether it was there once (410) rather than not yet or not at all (404).
    pub const fn is_gone(self) -> bool {
        match self {
            Self::Disabled | Self::NotStarted => false,
            Self::Ended | Self::Expired | Self::ClickLimit => true,
        }
    }

    /// A stable word for explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::NotStarted => "before scheduledStartAt",
            Self::Ended => "after scheduledEndAt",
            Self::Expired => "after expiresAt",
            Self::ClickLimit => "maxClicks reached",
        }
    }
}

impl Link {
    /// Why the link is closed at this moment; `clicks_used_up` tells whether `maxClicks` has been reached.
    pub fn closed(&self, at: Moment, clicks_used_up: bool) -> Option<Closed> {
        let settings = &self.settings;
        let passed = |end: Option<Moment>| end.is_some_and(|end| at >= end);
        if !settings.enabled {
            Some(Closed::Disabled)
        } else if settings.scheduled_start_at.is_some_and(|start| at < start) {
            Some(Closed::NotStarted)
        } else if passed(settings.scheduled_end_at) {
            Some(Closed::Ended)
        } else if passed(settings.expires_at) {
            Some(Closed::Expired)
        } else if settings.max_clicks.is_some() && clicks_used_up {
            Some(Closed::ClickLimit)
        } else {
            None
        }
    }

    /// The entity tag of this version.
    pub fn etag(&self) -> String {
        format!("\"{}-{}\"", self.id, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<(Settings, PasswordChange), Faults> {
        Settings::read(body, &OwnHosts::new(["10x.example".to_owned()]))
    }

    #[test]
    fn the_least_body_gets_the_documented_defaults() {
        let (settings, password) = read(json!({"destinationUrl": "https://example.com/product"})).unwrap();
        assert!(settings.enabled && !settings.query_passthrough);
        assert_eq!(settings.redirect_type, RedirectType::Found);
        assert_eq!(settings.tracking_policy, TrackingPolicy::default());
        assert!(matches!(password, PasswordChange::Keep));
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let faults = read(json!({
            "destinationUrl": "javascript:alert(1)", "title": 7, "tags": ["a", 3], "enabled": "yes", "redirectType": 301, "maxClicks": 0,
            "scheduledStartAt": "2026-03-02T00:00:00Z", "scheduledEndAt": "2026-03-01T00:00:00Z", "expiresAt": "soon", "password": "",
            "campaignId": "X", "fallbackUrl": "https://demo.10x.example/loop", "tracking": {"utmSource": 1, "utmOther": "x"},
            "trackingPolicy": {"mode": "SIDEWAYS"}, "routingRules": [{"priority": 1, "destinationUrl": "ftp://x", "conditions": {"countryIn": ["Germany"]}}], "color": "red",
        }))
        .unwrap_err();
        let mut fields: Vec<_> = faults.0.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "campaignId",
                "color",
                "destinationUrl",
                "enabled",
                "expiresAt",
                "fallbackUrl",
                "maxClicks",
                "password",
                "redirectType",
                "routingRules[0].conditions.countryIn[0]",
                "routingRules[0].destinationUrl",
                "scheduledEndAt",
                "tags[1]",
                "title",
                "tracking.utmOther",
                "tracking.utmSource",
                "trackingPolicy.mode",
            ]
        );
    }

    #[test]
    fn a_link_opens_and_closes_on_the_millisecond() {
        let (mut settings, _) = read(json!({"destinationUrl": "https://example.com"})).unwrap();
        let (start, end) = (Moment::from_millis(1000), Moment::from_millis(2000));
        (settings.scheduled_start_at, settings.expires_at) = (Some(start), Some(end));
        let link = crate::testing::link(start, settings);
        assert_eq!(link.closed(start.plus_millis(-1), false), Some(Closed::NotStarted));
        assert_eq!(link.closed(start, false), None);
        assert_eq!(link.closed(end.plus_millis(-1), false), None);
        assert_eq!(link.closed(end, false), Some(Closed::Expired));
    }
}
