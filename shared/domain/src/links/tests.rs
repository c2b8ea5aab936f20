//! What a link body may hold, and when a link is open.

use super::*;
use crate::values::destination::OwnHosts;
use crate::values::form::Faults;
use serde_json::Value;
use serde_json::json;

fn read(body: Value) -> Result<(LinkSettings, PasswordChange), Faults> {
    LinkSettings::read(body, &OwnHosts::new(["10x.example".to_owned()]))
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
    let link = Link {
        id: LinkId::new(start, 1),
        handle: "demo".parse().unwrap(),
        slug: "launch".parse().unwrap(),
        version: 1,
        created_at: start,
        updated_at: start,
        password: None,
        settings,
    };
    assert_eq!(link.closed(start.plus_millis(-1), false), Some(Closed::NotStarted));
    assert_eq!(link.closed(start, false), None);
    assert_eq!(link.closed(end.plus_millis(-1), false), None);
    assert_eq!(link.closed(end, false), Some(Closed::Expired));
}
