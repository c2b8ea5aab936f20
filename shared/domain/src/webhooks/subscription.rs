//! A subscription: which events go to which endpoint, and whether its receiver can still be reached (specification §10).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Patch, Unknown};
use crate::values::id::SubscriptionId;
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::values::schema::Schema;
use crate::webhooks::endpoint::{Egress, Endpoint};
use crate::webhooks::event::WebhookEventType;
use crate::webhooks::filter::EventFilter;
use crate::webhooks::secret::WebhookSecrets;

/// Subscriptions one handle may have.
pub const MAX_SUBSCRIPTIONS: u32 = 20;
/// Entries of `eventTypes`: every type, and `*`.
const MAX_EVENT_TYPES: usize = WebhookEventType::ALL.len() + 1;
const ENDPOINT: &str = "A public https address on port 443 or 8443.";
const EVENT_TYPES: &str = "Event types, or `*` for all. Subscribing to `conversion.tested` also delivers `conversion.recorded`.";
/// Exhausted deliveries in a row after which a receiver may be given up.
pub const MAX_FAILURES: u32 = 20;
/// How long they must have gone on.
pub const FAILING_MS: i64 = 24 * 3_600_000;

/// What its owner sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionSettings {
    /// Where messages go.
    pub endpoint_url: Endpoint,
    /// Which events.
    pub event_types: EventFilter,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// A subscription that is off gets nothing.
    pub enabled: bool,
    /// Whether `link.clicked` reports bots too.
    #[serde(default)]
    pub include_bots: bool,
}

impl SubscriptionSettings {
    /// Reads the body of a new subscription.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts, egress: Egress) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, own, egress))
    }

    /// Describes the body of a new subscription.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, &OwnHosts::default(), Egress::Public))
    }

    fn fields(form: &mut Form<'_>, own: &OwnHosts, egress: Egress) -> Option<Self> {
        let endpoint_url = form.required("endpointUrl", ENDPOINT, Endpoint::field(own, egress));
        let event_types = form.required_list("eventTypes", EVENT_TYPES, 1..=MAX_EVENT_TYPES, form::parsed());
        let description = form.optional("description", "Free text.", form::text(0..=500));
        let enabled = form.optional("enabled", "False: nothing is sent to it. True when left out.", form::boolean());
        let include_bots = form.optional("includeBots", "Whether clicks of bots are sent too; false when left out.", form::boolean());
        Some(Self {
            endpoint_url: endpoint_url?,
            event_types: EventFilter::of_all(event_types)?,
            description,
            enabled: enabled.unwrap_or(true),
            include_bots: include_bots.unwrap_or(false),
        })
    }

    /// Reads a change: what is left out stays.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn changed(&self, body: Value, own: &OwnHosts, egress: Egress) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Some(Self::change_fields(form, own, egress)(self)))
    }

    /// Describes the body of a change.
    pub fn change_body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::change_fields(form, &OwnHosts::default(), Egress::Public)))
    }

    /// What the change makes of the settings before it.
    fn change_fields(form: &mut Form<'_>, own: &OwnHosts, egress: Egress) -> impl FnOnce(&Self) -> Self + use<> {
        let endpoint = form.optional("endpointUrl", ENDPOINT, Endpoint::field(own, egress));
        let event_types = form.optional_list("eventTypes", EVENT_TYPES, 1..=MAX_EVENT_TYPES, form::parsed());
        let description = form.patch("description", "Free text; null removes it.", form::text(0..=500));
        let doc = "False: nothing is sent to it. True also ends a disabling for its failures.";
        let enabled = form.optional("enabled", doc, form::boolean());
        let include_bots = form.optional("includeBots", "Whether clicks of bots are sent too.", form::boolean());
        move |before| Self {
            endpoint_url: endpoint.unwrap_or_else(|| before.endpoint_url.clone()),
            event_types: event_types.and_then(EventFilter::of_all).unwrap_or_else(|| before.event_types.clone()),
            description: match description {
                Patch::Keep => before.description.clone(),
                Patch::Reset => None,
                Patch::Set(text) => Some(text),
            },
            enabled: enabled.unwrap_or(before.enabled),
            include_bots: include_bots.unwrap_or(before.include_bots),
        }
    }
}

/// Why the system disabled a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Disabled {
    /// Its receiver failed for too long.
    Auto,
    /// Its receiver answered 410 Gone.
    Gone,
}

impl Disabled {
    /// The status of a subscription that was disabled for this reason.
    pub const fn as_status(self) -> SubscriptionStatus {
        match self {
            Self::Auto => SubscriptionStatus::DisabledAuto,
            Self::Gone => SubscriptionStatus::DisabledGone,
        }
    }
}

/// Whether a subscription receives events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    /// It receives events.
    Active,
    /// Its owner disabled it.
    Disabled,
    /// Its receiver failed for too long.
    DisabledAuto,
    /// Its receiver answered 410 Gone.
    DisabledGone,
}

/// The exhausted deliveries of a receiver since its last success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failing {
    /// Exhausted deliveries in a row.
    pub streak: u32,
    /// The moment of the first of them.
    pub since: Option<Moment>,
}

impl Failing {
    /// Whether the subscription is to be disabled: [`MAX_FAILURES`] over at least [`FAILING_MS`].
    pub fn exceeds_limit(&self, now: Moment) -> bool {
        self.streak >= MAX_FAILURES && self.since.is_some_and(|since| now.millis() - since.millis() >= FAILING_MS)
    }
}

/// A subscription as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Owning handle.
    pub handle: Handle,
    /// One higher with every change by its owner.
    pub version: u64,
    /// When it was created.
    pub created_at: Moment,
    /// When its owner last changed it.
    pub updated_at: Moment,
    /// The secrets its messages are signed with.
    pub secrets: WebhookSecrets,
    /// The settings of its owner.
    #[serde(flatten)]
    pub settings: SubscriptionSettings,
}

impl Subscription {
    /// Whether it receives events; `disabled` is the system's reason against it, if there is one.
    pub fn status(&self, disabled: Option<Disabled>) -> SubscriptionStatus {
        if self.settings.enabled { disabled.map_or(SubscriptionStatus::Active, Disabled::as_status) } else { SubscriptionStatus::Disabled }
    }

    /// Whether it receives events of this type, caused by a bot or by a person.
    pub fn wants(&self, kind: WebhookEventType, is_bot: bool) -> bool {
        let is_included = kind != WebhookEventType::LinkClicked || !is_bot || self.settings.include_bots;
        is_included && self.settings.event_types.wants(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<SubscriptionSettings, Vec<String>> {
        SubscriptionSettings::read(body, &OwnHosts::default(), Egress::Public)
            .map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn subscriptions_are_read() {
        let body = json!({"endpointUrl": "https://commissions.example.com/ingest", "eventTypes": ["link.clicked", "conversion.tested"]});
        let settings = read(body).unwrap();
        assert!(settings.enabled && !settings.include_bots);
        assert!(read(json!({"endpointUrl": "https://hooks.example.com/test", "eventTypes": ["link.clicked"]})).is_ok());
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        let bad = json!({"endpointUrl": "http://10.0.0.1", "eventTypes": ["link.opened"], "enabled": 1, "secret": "whsec_x"});
        assert_eq!(read(bad).unwrap_err(), ["endpointUrl", "eventTypes[0]", "enabled", "secret"]);
        assert_eq!(read(json!({})).unwrap_err(), ["endpointUrl", "eventTypes"]);
    }

    #[test]
    fn every_bad_event_type_is_named_once_and_where_it_stands() {
        let url = "https://a.example.com/";
        let cases = [
            (json!(["nope", "link.clicked", "bad"]), vec!["eventTypes[0]", "eventTypes[2]"]),
            (json!(["nope", 5, "*", "bad"]), vec!["eventTypes[0]", "eventTypes[1]", "eventTypes[3]"]),
            (json!(["nope", "*"]), vec!["eventTypes[0]"]),
            (json!("*"), vec!["eventTypes"]),
            (json!(vec!["link.clicked"; 200]), vec!["eventTypes"]),
            (json!([]), vec!["eventTypes"]),
        ];
        let settings = read(json!({"endpointUrl": url, "eventTypes": ["link.clicked", "*"]})).unwrap();
        assert_eq!(settings.event_types, EventFilter::All);
        for (types, fields) in cases {
            assert_eq!(read(json!({"endpointUrl": url, "eventTypes": types})).unwrap_err(), fields, "{types}");
            let faults = settings.changed(json!({"eventTypes": types}), &OwnHosts::default(), Egress::Public).unwrap_err();
            assert_eq!(faults.0.into_iter().map(|fault| fault.field).collect::<Vec<_>>(), fields, "{types}");
        }
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let settings = read(json!({"endpointUrl": "https://a.example.com/", "eventTypes": ["*"], "description": "d"})).unwrap();
        let changed = settings.changed(json!({"enabled": false}), &OwnHosts::default(), Egress::Public).unwrap();
        assert_eq!(changed, SubscriptionSettings { enabled: false, ..settings });
        let changed = changed.changed(json!({"description": null}), &OwnHosts::default(), Egress::Public).unwrap();
        assert_eq!((changed.description, changed.enabled), (None, false));
    }

    #[test]
    fn a_subscription_is_disabled_after_twenty_failures_over_a_day() {
        let since = Moment::from_millis(0);
        let failing = |streak| Failing { streak, since: Some(since) };
        assert!(failing(20).exceeds_limit(Moment::from_millis(FAILING_MS)));
        assert!(!failing(20).exceeds_limit(Moment::from_millis(FAILING_MS - 1)));
        assert!(!failing(19).exceeds_limit(Moment::from_millis(FAILING_MS * 9)));
        assert!(!Failing::default().exceeds_limit(since));
    }
}
