//! Each check of a campaign's health, by what it depends on.

use serde_json::{Value, json};

use super::*;
use crate::campaigns::{Campaign, NewCampaign};
use crate::links::{Link, LinkSettings, NextPassword};
use crate::reports::confidence::{Observed, Penalty};
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

#[test]
fn each_result_says_what_was_found_and_what_to_do() {
    let figures = |clicks, conversions| Figures { clicks, conversions, ..Figures::default() };
    let message = |(status, message): (HealthStatus, String)| format!("{status:?}: {message}");
    let penalty = |code, points| Penalty { code, points, observed: Observed::NoUpdate };
    let of_confidence = |score, penalties: &[Penalty]| message(confidence(&ReportConfidence { score, penalties: penalties.to_vec() }));
    for (found, expected) in [
        (message(campaign_active(&sales())), "Warn: the campaign is DRAFT: nothing is credited to it until it is ACTIVE"),
        (message(click_seen(&figures(0, 0))), "Warn: no click in 30 days; follow the link once"),
        (message(click_seen(&figures(1, 0))), "Pass: 1 click in 30 days"),
        (message(click_seen(&figures(3, 0))), "Pass: 3 clicks in 30 days"),
        (message(conversion_seen(&figures(0, 0))), "Warn: no conversion in 30 days; post one with the ctx of a click"),
        (message(conversion_seen(&figures(0, 1))), "Pass: 1 conversion in 30 days"),
        (message(conversion_seen(&figures(0, 2))), "Pass: 2 conversions in 30 days"),
        (of_confidence(100, &[]), "Pass: the figures' confidence is 100 of 100"),
        (of_confidence(80, &[penalty("stale", 20)]), "Pass: the figures' confidence is 80 of 100: stale"),
        (of_confidence(79, &[penalty("a", 20), penalty("b", 1)]), "Warn: the figures' confidence is 79 of 100: a, b"),
        (of_confidence(50, &[penalty("no_clicks", 50)]), "Warn: the figures' confidence is 50 of 100: no_clicks"),
        (of_confidence(49, &[penalty("a", 51)]), "Fail: the figures' confidence is 49 of 100: a"),
        (of_confidence(0, &[penalty("a", 100)]), "Fail: the figures' confidence is 0 of 100: a"),
    ] {
        assert_eq!(found, expected);
    }
    assert_eq!(worst(&[]), HealthStatus::Pass);
}
