//! Tables and properties of the routing decision.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::links::LinkSettings;
use crate::testing;
use crate::values::destination::OwnHosts;
use crate::values::moment::Moment;

fn link(rules: serde_json::Value) -> Link {
    let body = json!({"destinationUrl": "https://e.com/default", "routingRules": rules});
    let (settings, _) = LinkSettings::read(body, &OwnHosts::default()).unwrap();
    testing::link(Moment::from_millis(0), settings)
}

fn book(rules: &[(&str, serde_json::Value)]) -> PersonalizationRules {
    let mut book = PersonalizationRules::default();
    for (id, body) in rules {
        book.insert(PersonalizationRule::read(id.parse().unwrap(), body.clone(), &OwnHosts::default()).unwrap());
    }
    book
}

fn visit() -> Visit {
    Visit { segments: vec!["vip".to_owned()], ..testing::visit() }
}

fn goes(link: &Link, book: &PersonalizationRules, visit: &Visit) -> String {
    match decide(link, book, visit, false, |_| {}) {
        RoutingOutcome::Follow(destination, _) | RoutingOutcome::Fallback(destination, _) => destination.as_str().to_owned(),
        RoutingOutcome::Unavailable(closed) => closed.as_str().to_owned(),
    }
}

/// One condition against the visit above (Friday 22:30 UTC).
fn check(conditions: serde_json::Value, matches: bool) {
    let link = link(json!([{"priority": 1, "destinationUrl": "https://e.com/rule", "conditions": conditions}]));
    let expected = if matches { "https://e.com/rule" } else { "https://e.com/default" };
    assert_eq!(goes(&link, &PersonalizationRules::default(), &visit()), expected, "{conditions}");
}

#[test]
fn each_condition_decides_alone() {
    check(json!({}), true);
    check(json!({"countryIn": []}), true);
    check(json!({"countryIn": ["DE", "us"]}), true);
    check(json!({"countryIn": ["DE"]}), false);
    check(json!({"deviceIn": ["mobile"]}), true);
    check(json!({"deviceIn": ["TABLET", "DESKTOP"]}), false);
    check(json!({"sourceIn": ["twitter", "Instagram"]}), true);
    check(json!({"sourceIn": ["email"]}), false);
    check(json!({"campaignIn": ["SPRING"]}), true);
    check(json!({"campaignIn": ["summer"]}), false);
    check(json!({"segmentIn": ["VIP", "new"]}), true);
    check(json!({"segmentIn": ["new"]}), false);
    check(json!({"languageIn": ["de"]}), true);
    check(json!({"languageIn": ["de-at"]}), true);
    check(json!({"languageIn": ["de-A", "en"]}), false);
    check(json!({"weekdayIn": ["fri"]}), true);
    check(json!({"weekdayIn": ["Saturday"]}), false);
    check(json!({"timeBetween": {"from": "22:00", "to": "23:00"}}), true);
    check(json!({"timeBetween": {"from": "22:31", "to": "23:00"}}), false);
    check(json!({"timeBetween": {"from": "22:00", "to": "22:30"}}), false);
    check(json!({"timeBetween": {"from": "22:00", "to": "06:00"}}), true);
    check(json!({"timeBetween": {"from": "23:00", "to": "06:00", "timeZone": "Europe/Berlin"}}), true);
    check(json!({"weekdayIn": ["SAT"], "timeBetween": {"from": "00:00", "to": "00:00", "timeZone": "Asia/Tokyo"}}), true);
    check(json!({"percent": {"from": 0, "to": 100}}), true);
    check(json!({"countryIn": ["US"], "sourceIn": ["email"]}), false);
}

#[test]
fn the_lowest_priority_number_wins_and_ties_keep_list_order() {
    let rule = |priority: i64, path: &str| json!({"priority": priority, "destinationUrl": format!("https://e.com/{path}")});
    let link = link(json!([rule(20, "c"), rule(10, "a"), rule(10, "b")]));
    assert_eq!(goes(&link, &PersonalizationRules::default(), &visit()), "https://e.com/a");
}

#[test]
fn handle_rules_come_after_link_rules_by_priority_then_id_and_disabled_ones_never() {
    let variant = |path: &str| json!({"id": "v", "destinationUrl": format!("https://e.com/{path}")});
    let book = book(&[
        ("zz", json!({"priority": 1, "variant": variant("zz")})),
        ("bb", json!({"priority": 2, "variant": variant("bb")})),
        ("aa", json!({"priority": 1, "when": {"countryIn": ["DE"]}, "variant": variant("aa")})),
        ("a0", json!({"enabled": false, "variant": variant("a0")})),
    ]);
    assert_eq!(goes(&link(json!([])), &book, &visit()), "https://e.com/zz");
    assert_eq!(goes(&link(json!([{"destinationUrl": "https://e.com/link"}])), &book, &visit()), "https://e.com/link");
}

#[test]
fn the_explanation_lists_every_rule_looked_at() {
    let link = link(json!([
        {"priority": 1, "destinationUrl": "https://e.com/1", "conditions": {"countryIn": ["DE"]}},
        {"priority": 2, "destinationUrl": "https://e.com/2", "conditions": {"sourceIn": ["instagram"]}},
        {"priority": 3, "destinationUrl": "https://e.com/3"},
    ]));
    let mut steps = Vec::new();
    decide(&link, &PersonalizationRules::default(), &visit(), false, |step| {
        steps.push((step.index, step.failed.map(RoutingCondition::name)))
    });
    assert_eq!(steps, [(0, Some("countryIn")), (1, None)]);
}

#[test]
fn a_match_has_the_label_and_the_conditions_of_its_rule() {
    let rule = |condition: serde_json::Value| json!([{"priority": 1, "destinationUrl": "https://e.com/rule", "conditions": condition}]);
    let book = book(&[("de_rule", json!({"when": {"languageIn": ["de"]}, "variant": {"id": "v", "destinationUrl": "https://e.com/de"}}))]);
    for (rules, book, label, conditions) in [
        (rule(json!({"countryIn": ["US"]})), &book, Some("r0"), Some(json!({"countryIn": ["US"]}))),
        (rule(json!({"countryIn": ["DE"]})), &book, Some("p:de_rule"), Some(json!({"languageIn": ["de"]}))),
        (rule(json!({"countryIn": ["DE"]})), &PersonalizationRules::default(), None, None),
    ] {
        let link = link(rules);
        let RoutingOutcome::Follow(_, matched) = decide(&link, book, &visit(), false, |_| {}) else { panic!("{label:?}") };
        assert_eq!(matched.label().as_deref(), label);
        assert_eq!(matched.conditions().map(|conditions| serde_json::to_value(conditions).unwrap()), conditions, "{label:?}");
    }
}

#[test]
fn a_closed_link_falls_back_or_is_unavailable() {
    let mut link = link(json!([{"destinationUrl": "https://e.com/rule"}]));
    link.settings.max_clicks = Some(1);
    assert_eq!(decide(&link, &PersonalizationRules::default(), &visit(), true, |_| {}), RoutingOutcome::Unavailable(Closed::ClickLimit));
    link.settings.fallback_url = Some(Destination::parse("https://e.com/fallback").unwrap());
    assert!(matches!(
        decide(&link, &PersonalizationRules::default(), &visit(), true, |_| {}),
        RoutingOutcome::Fallback(_, Closed::ClickLimit)
    ));
    assert_eq!(goes(&link, &PersonalizationRules::default(), &visit()), "https://e.com/rule");
}

#[test]
fn percentages_split_visitors_stably_and_evenly() {
    let link = link(json!([{"destinationUrl": "https://e.com/a", "conditions": {"percent": {"from": 0, "to": 33.33}}}]));
    let mut hits = 0;
    for number in 0..20_000 {
        let visit = Visit { subject: format!("visitor-{number}"), ..visit() };
        let first = goes(&link, &PersonalizationRules::default(), &visit);
        assert_eq!(first, goes(&link, &PersonalizationRules::default(), &visit));
        hits += usize::from(first.ends_with("/a"));
    }
    // Three standard deviations of a fair split of 20,000.
    assert!((6466..=6866).contains(&hits), "{hits}");
}

#[test]
fn every_bucket_falls_into_exactly_one_of_two_adjoining_ranges() {
    let halves = link(json!([
        {"priority": 1, "destinationUrl": "https://e.com/a", "conditions": {"percent": {"from": 0, "to": 0.01}}},
        {"priority": 2, "destinationUrl": "https://e.com/b", "conditions": {"percent": {"from": 0.01, "to": 100}}},
    ]));
    for number in 0..1000 {
        let visit = Visit { subject: number.to_string(), ..visit() };
        assert_ne!(goes(&halves, &PersonalizationRules::default(), &visit), "https://e.com/default");
    }
}

proptest! {
    #[test]
    fn a_decision_is_the_first_rule_that_matches_alone(priorities in prop::collection::vec(0_i64..4, 0..8), countries in prop::collection::vec(prop::sample::select(vec!["US", "DE", "FR"]), 8)) {
        let rule = |index: usize, priority: i64| json!({"priority": priority, "destinationUrl": format!("https://e.com/{index}"), "conditions": {"countryIn": [countries[index]]}});
        let rules: Vec<_> = priorities.iter().enumerate().map(|(index, priority)| rule(index, *priority)).collect();
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|index| (priorities[*index], *index));
        let expected = order.into_iter().find(|index| countries[*index] == "US").map_or("https://e.com/default".to_owned(), |index| format!("https://e.com/{index}"));
        prop_assert_eq!(goes(&link(json!(rules)), &PersonalizationRules::default(), &visit()), expected);
    }

    #[test]
    fn conditions_survive_the_table(from in 0_u64..9_999, width in 1_u64..100) {
        let percent = |hundredths: u64| crate::values::decimal::decimal(i128::from(hundredths), 2);
        let asked = json!({"percent": {"from": percent(from), "to": percent((from + width).min(10_000))}, "countryIn": ["DE"]});
        let conditions = crate::values::form::read(asked.clone(), crate::values::form::Unknown::Refuse, Conditions::read).unwrap();
        let text = serde_json::to_string(&conditions).unwrap();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), asked);
        prop_assert_eq!(serde_json::from_str::<Conditions>(&text).unwrap(), conditions);
    }
}
