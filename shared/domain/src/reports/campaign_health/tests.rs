//! Each check of a campaign's health, by what it depends on.

use serde_json::{Value, json};

use super::*;
use crate::campaigns::{Campaign, NewCampaign};
use crate::links::{Link, LinkSettings, NextPassword};
use crate::values::id::LinkId;

fn own() -> OwnHosts {
    OwnHosts::new(["10x.example".to_owned()])
}

fn at(millis: i64) -> Moment {
    Moment::from_millis(1_772_366_400_000 + millis)
}

fn made(body: Value) -> Campaign {
    Campaign::new(&"demo".parse().unwrap(), &NewCampaign::read(body, &own()).unwrap(), at(0))
}

fn sales() -> Campaign {
    made(json!({"campaignId": "spring", "goalType": "PRODUCT_SALE"}))
}

fn link(body: Value) -> Link {
    let (settings, _) = LinkSettings::read(body, &OwnHosts::default()).unwrap();
    Link::first(LinkId::new(at(0), 1), &"demo".parse().unwrap(), &"launch".parse().unwrap(), settings, &NextPassword::Keep, at(0))
}

#[test]
fn each_check_turns_on_what_it_is_about() {
    let named = made(json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primarySlug": "launch"}));
    let bound = |more: Value| {
        let mut body = json!({"destinationUrl": "https://example.com", "campaignId": "spring"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        link(body)
    };
    let good = Figures { clicks: 10, bot_clicks: 1, conversions: 2, ..Figures::default() };
    let result = |campaign: &Campaign, link: Option<&Link>, clicks_used_up: bool, figures: &Figures| {
        let confidence = ReportConfidence::of(figures, false);
        let own_hosts = own();
        let facts = HealthFacts { campaign, link, clicks_used_up, own_hosts: &own_hosts, figures, confidence: &confidence, now: at(0) };
        let checks = checks(&facts);
        let bad: Vec<String> = checks
            .iter()
            .filter(|check| check.status != HealthStatus::Pass)
            .map(|check| format!("{} {:?}", check.id, check.status))
            .collect();
        (worst(&checks), bad.join(", "))
    };
    let open = bound(json!({}));
    assert_eq!(result(&named, Some(&open), false, &good), (HealthStatus::Pass, String::new()));
    for (campaign, link, used_up, figures, expected) in [
        (&sales(), None, false, good.clone(), "campaign_active Warn, primary_link_live Warn, destination_valid Warn"),
        (&named, None, false, good.clone(), "primary_link_live Fail, destination_valid Fail"),
        (&named, Some(bound(json!({"campaignId": "other"}))), false, good.clone(), "primary_link_live Fail"),
        (&named, Some(bound(json!({"enabled": false}))), false, good.clone(), "primary_link_live Fail"),
        (&named, Some(bound(json!({"maxClicks": 1}))), true, good.clone(), "primary_link_live Fail"),
        (&named, Some(bound(json!({"fallbackUrl": "https://x.10x.example"}))), false, good.clone(), "destination_valid Fail"),
        (&named, Some(bound(json!({"trackingPolicy": {"appendContextParam": false}}))), false, good.clone(), "ctx_minted Fail"),
        (&named, Some(open.clone()), false, Figures::default(), "click_seen Warn, ctx_minted Warn, conversion_seen Warn, confidence Warn"),
        (&named, Some(open.clone()), false, Figures { conversions: 11, ..good.clone() }, "confidence Warn"),
        (&named, Some(open.clone()), false, Figures { conversions: 11, bot_clicks: 5, ..good.clone() }, "confidence Fail"),
    ] {
        let (overall, bad) = result(campaign, link.as_ref(), used_up, &figures);
        assert_eq!(bad, expected);
        assert_eq!(overall, if expected.contains("Fail") { HealthStatus::Fail } else { HealthStatus::Warn });
    }
}
