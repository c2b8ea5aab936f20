//! Campaigns: presets, transitions, periods of activity, merging of changes, and the credit of conversions.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::values::destination::OwnHosts;
use crate::values::moment::Moment;
use crate::values::name::{CampaignId, EventType, TrackingPreset};

const DAY_MS: i64 = 86_400_000;

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

fn changed(campaign: &Campaign, body: Value, millis: i64) -> Result<Campaign, IllegalMove> {
    campaign.changed(&CampaignChange::read(body, &campaign.campaign_id, &own()).unwrap(), at(millis))
}

#[test]
fn every_goal_brings_well_formed_presets_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for (goal, name) in GoalType::ALL {
        assert_eq!(name.parse(), Ok(goal));
        assert_eq!(json!(goal), name);
        let (preset, event) = goal.presets();
        assert!(preset.as_str().parse::<TrackingPreset>().is_ok() && event.as_str().parse::<EventType>().is_ok(), "{name}");
        assert!(seen.insert((preset.to_string(), event.to_string())), "{name}");
    }
    assert!("product_sale".parse::<GoalType>().is_err());
}

#[test]
fn a_campaign_moves_only_along_its_life() {
    use CampaignStatus::{Active, Draft, Paused};
    for (from, to, is_legal) in [
        (Draft, Draft, true),
        (Draft, Active, true),
        (Draft, Paused, false),
        (Active, Draft, false),
        (Active, Active, true),
        (Active, Paused, true),
        (Paused, Draft, true),
        (Paused, Active, true),
        (Paused, Paused, true),
    ] {
        assert_eq!(from.advance(to).is_ok(), is_legal, "{from} to {to}");
        assert_eq!(to.as_str().parse(), Ok(to));
    }
}

#[test]
fn it_is_active_from_the_moment_of_one_move_to_that_of_the_next() {
    let active = changed(&sales(), json!({"status": "ACTIVE"}), 10).unwrap();
    let still = changed(&active, json!({"status": "ACTIVE", "name": "x"}), 15).unwrap();
    let paused = changed(&still, json!({"status": "PAUSED"}), 20).unwrap();
    let again = changed(&paused, json!({"status": "ACTIVE"}), 30).unwrap();
    for (moment, expected) in [(9, false), (10, true), (19, true), (20, false), (29, false), (30, true), (9_000, true)] {
        assert_eq!(again.was_active_at(at(moment)), expected, "{moment}");
    }
    assert_eq!(again.active.len(), 2);
    let blink = changed(&again, json!({"status": "PAUSED"}), 30).unwrap();
    assert_eq!(blink.active.len(), 1, "a period of no length is none");
}

#[test]
fn periods_are_forgotten_400_days_after_their_end_and_never_grow_without_bound() {
    let ended = changed(&changed(&sales(), json!({"status": "ACTIVE"}), 0).unwrap(), json!({"status": "PAUSED"}), 10).unwrap();
    let later = |days: i64| changed(&ended, json!({"name": "x"}), days * DAY_MS + 10).unwrap().active.len();
    assert_eq!((later(400), later(401)), (1, 0));
    let mut campaign = sales();
    for round in 0..600 {
        campaign = changed(&campaign, json!({"status": "ACTIVE"}), round * 10).unwrap();
        campaign = changed(&campaign, json!({"status": "PAUSED"}), round * 10 + 5).unwrap();
    }
    assert_eq!(campaign.active.len(), 500);
    assert!(campaign.was_active_at(at(5990)) && !campaign.was_active_at(at(0)));
}

proptest! {
    #[test]
    fn activity_equals_the_status_at_every_moment(moves in proptest::collection::vec((0_i64..50, 0_usize..3), 0..40)) {
        let mut campaign = sales();
        let (mut now, mut truth) = (0, Vec::new());
        for (pause, to) in moves {
            truth.extend((now..now + pause).map(|moment| (moment, campaign.status == CampaignStatus::Active)));
            now += pause;
            let to = CampaignStatus::ALL[to].as_str();
            campaign = changed(&campaign, json!({"status": to}), now).unwrap_or(campaign);
        }
        truth.push((now, campaign.status == CampaignStatus::Active));
        for (moment, expected) in truth {
            prop_assert_eq!(campaign.was_active_at(at(moment)), expected, "{}", moment);
        }
    }
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_null_resets() {
    let full = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "name": "Spring", "currency": "EUR", "primarySlug": "launch",
        "trackingPreset": "own_preset", "conversionEventType": "order"});
    let campaign = made(full);
    let same = changed(&campaign, json!({"campaignId": "spring", "goalType": "PRODUCT_SALE"}), 5).unwrap();
    assert_eq!(same, Campaign { version: 2, updated_at: at(5), ..campaign.clone() });
    let reset = changed(
        &campaign,
        json!({"name": null, "currency": null, "primarySlug": null, "trackingPreset": null, "conversionEventType": null}),
        5,
    );
    let reset = reset.unwrap();
    assert_eq!((reset.name, reset.currency, reset.primary_slug), (None, None, None));
    assert_eq!((reset.tracking_preset.as_str(), reset.conversion_event_type.as_str()), ("ga4_purchase", "purchase"));
    let lead = changed(&campaign, json!({"goalType": "LEAD_CAPTURE", "conversionEventType": "signed"}), 5).unwrap();
    assert_eq!((lead.tracking_preset.as_str(), lead.conversion_event_type.as_str()), ("ga4_lead", "signed"));
}

#[test]
fn every_bad_field_is_named_at_once() {
    let body = json!({"campaignId": "No", "goalType": "SALE", "status": "RUNNING", "name": 7, "primarySlug": "a", "trackingPreset": "A B",
        "conversionEventType": "", "currency": "usd", "color": "red",
        "primaryLink": {"slug": "x", "destinationUrl": "https://demo.10x.example/", "campaignId": "other", "handle": "demo"}});
    let mut fields: Vec<String> = NewCampaign::read(body, &own()).unwrap_err().0.into_iter().map(|fault| fault.field).collect();
    fields.sort();
    let expected = [
        "campaignId",
        "color",
        "conversionEventType",
        "currency",
        "goalType",
        "name",
        "primaryLink",
        "primaryLink.destinationUrl",
        "primaryLink.handle",
        "primaryLink.slug",
        "primarySlug",
        "status",
        "trackingPreset",
    ];
    assert_eq!(fields, expected);
    let elsewhere = json!({"campaignId": "spring", "goalType": "NEWSLETTER", "primaryLink": {"slug": "launch", "destinationUrl": "https://example.com", "campaignId": "other"}});
    assert_eq!(NewCampaign::read(elsewhere, &own()).unwrap_err().0[0].field, "primaryLink.campaignId");
    for key in KEYS_OF_REPORTS {
        let refused = NewCampaign::read(json!({"campaignId": key, "goalType": "NEWSLETTER"}), &own()).unwrap_err();
        assert_eq!((refused.0.len(), refused.0[0].field.as_str()), (1, "campaignId"), "{key}");
    }
    let renamed = CampaignChange::read(json!({"campaignId": "other"}), &"spring".parse().unwrap(), &own());
    assert_eq!(renamed.unwrap_err().0[0].field, "campaignId");
}

#[test]
fn a_conversion_is_credited_only_to_a_campaign_that_is_active_and_was_at_the_click() {
    let id: CampaignId = "spring".parse().unwrap();
    let active = changed(&sales(), json!({"status": "ACTIVE"}), 10).unwrap();
    let paused = changed(&active, json!({"status": "PAUSED"}), 20).unwrap();
    let again = changed(&paused, json!({"status": "ACTIVE"}), 30).unwrap();
    let verdict = |campaign: Option<&Campaign>, clicked: i64| Credit::of(Some(&id), campaign, at(clicked)).not_credited;
    assert_eq!(verdict(Some(&active), 10), None);
    assert_eq!(verdict(Some(&active), 9), Some(NotCredited::ClickNotTracked));
    assert_eq!(verdict(Some(&paused), 15), Some(NotCredited::CampaignPaused));
    assert_eq!(verdict(Some(&sales()), 15), Some(NotCredited::CampaignPaused));
    assert_eq!(verdict(Some(&again), 15), None);
    assert_eq!(verdict(Some(&again), 25), Some(NotCredited::ClickNotTracked));
    assert_eq!(verdict(None, 15), Some(NotCredited::CampaignDeleted));
    assert_eq!(Credit::of(None, None, at(0)), Credit::default());
}
