//! A subscription: which events go to which endpoint, and whether its receiver can still be reached (specification §10).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::id::SubscriptionId;
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::webhooks::endpoint::{Egress, Endpoint};
use crate::webhooks::event::WebhookEventType;
use crate::webhooks::filter::{EMPTY_FILTER, EventFilter};
use crate::webhooks::secret::WebhookSecrets;

/// Subscriptions one handle may have.
pub const MOST: u32 = 20;
/// Exhausted deliveries in a row after which a subscription may be disabled.
pub const MAX_FAILURES: u32 = 20;
/// Milliseconds for which they must have lasted.
pub const FAILING_MS: i64 = 24 * 3_600_000;

/// What its owner sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Where messages go.
    pub endpoint_url: Endpoint,
    /// Which events.
    pub event_types: EventFilter,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// A subscription that is off gets nothing.
    pub enabled: bool,
    /// Whether `link.clicked` tells of bots too.
    #[serde(default)]
    pub include_bots: bool,
}

impl Settings {
    /// Reads the body of a new subscription.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts, egress: Egress) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
            let settings = Self::fields(&mut form, own, egress);
            form.close();
            settings
        });
        notes.settle(read)
    }

    fn fields(form: &mut Form<'_>, own: &OwnHosts, egress: Egress) -> Option<Self> {
        let endpoint_url = form.required("endpointUrl", |value| address(value, own, egress));
        let event_types = event_filter(form);
        let description = form.optional("description", form::text_up_to(500));
        let enabled = form.optional("enabled", form::boolean).unwrap_or(true);
        let include_bots = form.optional("includeBots", form::boolean).unwrap_or(false);
        Some(Self { endpoint_url: endpoint_url?, event_types: event_types?, description, enabled, include_bots })
    }

    /// Reads a change: what is left out stays.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn changed(&self, body: Value, own: &OwnHosts, egress: Egress) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Refuse, &notes).map(|mut form| {
            let endpoint = form.optional("endpointUrl", |value| address(value, own, egress));
            let filter = if form.has("eventTypes") { event_filter(&mut form) } else { None };
            // Null takes it away.
            let description = match form.has("description") {
                true => form.optional("description", form::text_up_to(500)),
                false if form.names("description") => None,
                false => self.description.clone(),
            };
            let settings = Self {
                endpoint_url: endpoint.unwrap_or_else(|| self.endpoint_url.clone()),
                event_types: filter.unwrap_or_else(|| self.event_types.clone()),
                description,
                enabled: form.optional("enabled", form::boolean).unwrap_or(self.enabled),
                include_bots: form.optional("includeBots", form::boolean).unwrap_or(self.include_bots),
            };
            form.close();
            settings
        });
        notes.settle(read)
    }
}

fn address(value: Value, own: &OwnHosts, egress: Egress) -> Result<Endpoint, String> {
    Endpoint::admit(&form::text(value)?, own, egress).map_err(|error| error.to_string())
}

fn event_filter(form: &mut Form<'_>) -> Option<EventFilter> {
    if !form.has("eventTypes") || form.is_empty_list("eventTypes") {
        form.names("eventTypes");
        form.fault("eventTypes", EMPTY_FILTER);
        return None;
    }
    EventFilter::of_all(form.list("eventTypes", WebhookEventType::ALL.len() + 1, form::parsed))
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
    pub settings: Settings,
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

    fn read(body: Value) -> Result<Settings, Vec<String>> {
        Settings::read(body, &OwnHosts::default(), Egress::Public).map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect())
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
        assert_eq!(changed, Settings { enabled: false, ..settings });
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
