//! Whatever a request is accepted with reads back from where it is stored: one property for every resource that callers write.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::accounts::token::NewToken;
use crate::accounts::{Account, Plan};
use crate::campaigns::{Campaign, NewCampaign};
use crate::chain::{ChainRule, SignalBatch};
use crate::links::LinkSettings;
use crate::links::rule_set::RuleSet;
use crate::routing::PersonalizationRule;
use crate::values::destination::OwnHosts;
use crate::values::moment::Moment;
use crate::values::web_address::tests::addresses;
use crate::webhooks::endpoint::Egress;
use crate::webhooks::subscription::SubscriptionSettings;

/// Fails unless the value is the same after it was stored.
fn stored<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let read: T = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
    prop_assert_eq!(&read, value);
    Ok(())
}

/// JSON of so many levels.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, level| if level % 2 == 0 { json!({ "a": inner }) } else { json!({ "a": [inner] }) })
}

/// Values near the bounds of what the fields of this kind admit.
fn texts() -> impl Strategy<Value = Value> {
    prop_oneof!["\\PC{0,64}", "(é|🦀|a|\\t|\\n){0,64}", "[a-z0-9_-]{1,64}"].prop_map(Value::from)
}

fn moments() -> impl Strategy<Value = Value> {
    let edge = prop_oneof![
        Just("0000-01-01T00:00:00+23:59"),
        Just("0000-01-01T00:00:00Z"),
        Just("0001-01-01T00:00:00+23:59"),
        Just("9999-12-30T22:00:00.999Z"),
        Just("9999-12-30T23:00:00-00:59"),
        Just("1969-12-31T23:59:59.9999Z"),
        Just("2030-06-30T23:59:60Z"),
        Just("2030-06-30t23:59:59.123456789z"),
    ];
    prop_oneof![
        edge.prop_map(Value::from),
        "[0-9]{4}-(0[1-9]|1[0-2])-[0-2][0-9]T[0-1][0-9]:[0-5][0-9]:00[+-][0-2][0-9]:00".prop_map(Value::from)
    ]
}

fn zones() -> impl Strategy<Value = Value> {
    let names = ["Europe/Berlin", "europe/berlin", "UTC", "Etc/Unknown", "GMT+0", "Etc/GMT-14", "EST5EDT", "local", "posix/UTC", "+01:00"];
    proptest::sample::select(names.to_vec()).prop_map(Value::from)
}

fn objects() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        Just("1e400".parse::<serde_json::Number>().map_or(Value::Null, Value::Number)),
    ];
    prop_oneof![
        (0_usize..126).prop_map(nested),
        numbers.prop_map(|number| json!({ "n": number })),
        texts().prop_map(|text| json!({ "t": text }))
    ]
}

fn percents() -> impl Strategy<Value = Value> {
    (0_u32..10_000, 1_u32..10_000).prop_map(|(from, width)| {
        let percent = |hundredths: u32| json!(f64::from(hundredths.min(10_000)) / 100.0);
        json!({"from": percent(from), "to": percent(from + width)})
    })
}

fn conditions() -> impl Strategy<Value = Value> {
    let words = || proptest::collection::vec(texts(), 0..4).prop_map(Value::from);
    let members = (words(), words(), words(), proptest::option::of(zones()), proptest::option::of(percents()));
    members.prop_map(|(sources, segments, languages, zone, percent)| {
        let mut conditions = json!({"sourceIn": sources, "segmentIn": segments, "languageIn": languages, "countryIn": ["de", "UNKNOWN"]});
        if let Some(zone) = zone {
            conditions["timeBetween"] = json!({"from": "22:00", "to": "06:00", "timeZone": zone});
        }
        conditions["percent"] = json!(percent);
        conditions
    })
}

/// A body with some of these members.
fn some_of(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> impl Strategy<Value = Map<String, Value>> {
    let members: Vec<_> =
        members.into_iter().map(|(name, values)| proptest::option::weighted(0.3, values).prop_map(move |value| (name, value))).collect();
    members.prop_map(|members| members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn links() -> impl Strategy<Value = Value> {
    let rules = (addresses(), conditions()).prop_map(|(url, conditions)| json!({"destinationUrl": url, "conditions": conditions}));
    let members = vec![
        ("title", texts().boxed()),
        ("tags", proptest::collection::vec(texts(), 0..4).prop_map(Value::from).boxed()),
        ("scheduledStartAt", moments().boxed()),
        ("scheduledEndAt", moments().boxed()),
        ("expiresAt", moments().boxed()),
        ("fallbackUrl", addresses().prop_map(Value::from).boxed()),
        ("ogImage", addresses().prop_map(Value::from).boxed()),
        ("routingRules", proptest::collection::vec(rules, 0..3).prop_map(Value::from).boxed()),
        ("tracking", texts().prop_map(|text| json!({ "utmSource": text })).boxed()),
        ("redirectType", prop_oneof![Just(json!(302)), Just(json!(307.0))].boxed()),
        ("maxClicks", (1_i64..1_000_000_000).prop_map(Value::from).boxed()),
        ("description", texts().boxed()),
    ];
    (addresses(), some_of(members)).prop_map(|(url, mut members)| {
        members.insert("destinationUrl".to_owned(), url.into());
        Value::Object(members)
    })
}

fn chain_rules() -> impl Strategy<Value = Value> {
    let confidences = prop_oneof![0.0..=1.0_f64, Just(0.1 + 0.2), Just(1e-9)];
    (addresses(), objects(), texts(), confidences).prop_map(|(url, data, text, confidence)| {
        let condition = json!({"signalKey": "intent", "signalValueIn": [text], "minConfidence": confidence});
        json!({"trigger": "checkout", "when": {"all": [condition], "none": [{"segmentIn": [text]}]},
            "action": {"type": "redirect", "destinationUrl": url, "data": data, "text": text}})
    })
}

fn subscriptions() -> impl Strategy<Value = Value> {
    (addresses(), texts()).prop_map(|(url, text)| json!({"endpointUrl": url, "eventTypes": ["link.clicked"], "description": text}))
}

fn own() -> OwnHosts {
    OwnHosts::default()
}

proptest! {
    #[test]
    fn links_read_back(body in links()) {
        if let Ok((settings, _)) = LinkSettings::read(body, &own()) {
            stored(&settings)?;
        }
    }

    #[test]
    fn rules_read_back(url in addresses(), conditions in conditions(), chain in chain_rules()) {
        let body = json!({"when": conditions, "variant": {"id": "a", "destinationUrl": url}});
        if let Ok(rule) = "a".parse().map_err(drop).and_then(|id| PersonalizationRule::read(id, body, &own()).map_err(drop)) {
            stored(&rule)?;
        }
        if let Ok(rule) = "a".parse().map_err(drop).and_then(|id| ChainRule::read(id, chain, &own()).map_err(drop)) {
            // Where it is stored, and where the audit log records it.
            let mut set = RuleSet::default();
            set.insert(rule.clone());
            prop_assert_eq!(RuleSet::<ChainRule>::restore(&serde_json::to_string(&set).unwrap()), set);
            stored(&json!({"audit": {"after": {"rule": rule}}}))?;
        }
    }

    #[test]
    fn subscriptions_campaigns_tokens_accounts_and_signals_read_back(
        subscription in subscriptions(), link in links(), text in texts(), at in moments(), zone in zones(), metadata in objects(),
    ) {
        if let Ok(settings) = SubscriptionSettings::read(subscription, &own(), Egress::Public) {
            stored(&settings)?;
        }
        let mut primary = link;
        primary["slug"] = json!("launch");
        let body = json!({"campaignId": "spring", "goalType": "PRODUCT_SALE", "name": text, "primaryLink": primary});
        if let Ok(new) = NewCampaign::read(body, &own()) {
            stored(&Campaign::new(&"demo".parse().unwrap(), &new, Moment::from_millis(0)))?;
        }
        if let Ok(token) = NewToken::read(json!({"name": text, "scopes": ["links.*"], "expiresAt": at}), Moment::from_millis(0)) {
            stored(&token.expires_at)?;
        }
        if let Ok(account) = Account::with_plan(Plan::Pro).change(json!({"plan": "FREE", "timeZone": zone})) {
            stored(&account)?;
        }
        let signal = json!({"type": "view", "signalValue": text, "occurredAt": at, "metadata": metadata, "confidence": 0.3});
        if let Ok(batch) = SignalBatch::read(json!({"handle": "demo", "sessionId": "s", "signals": [signal]})) {
            for signal in batch.signals {
                let now = signal.occurred_at.unwrap_or(Moment::from_millis(0));
                let kept = signal.kept(now);
                stored(&kept)?;
                prop_assert!(kept.metadata.is_none_or(|text| serde_json::from_str::<Value>(&text).is_ok()));
            }
        }
    }
}

#[test]
fn one_rule_that_cannot_be_decoded_disables_no_other() {
    let rule = |id: &str| json!({"ruleId": id, "priority": 0, "enabled": true, "when": {}, "variant": {"id": "v", "destinationUrl": "https://e.com/"}});
    let mut bad = rule("bad");
    bad["variant"]["destinationUrl"] = json!("not an address");
    let text = json!({"rules": [rule("a"), bad, 7, rule("b")]}).to_string();
    let mut set = RuleSet::<PersonalizationRule>::restore(&text);
    let names = |set: &RuleSet<PersonalizationRule>| set.rules().iter().map(|rule| rule.rule_id.to_string()).collect::<Vec<_>>();
    assert_eq!((names(&set), set.damaged().collect::<Vec<_>>(), set.size()), (vec!["a".into(), "b".into()], vec!["bad", "unnamed"], 4));
    assert_eq!(RuleSet::restore(&serde_json::to_string(&set).unwrap()), set, "a damaged rule stays as it is stored");
    set.insert(serde_json::from_value(rule("bad")).unwrap());
    assert_eq!((names(&set).len(), set.damaged().collect::<Vec<_>>()), (3, vec!["unnamed"]));
    assert!(set.remove_damaged(&"unnamed".parse().unwrap()) && set.damaged().next().is_none());
    let broken = RuleSet::<PersonalizationRule>::restore("{");
    assert_eq!((broken.rules().len(), broken.damaged().collect::<Vec<_>>()), (0, vec!["unnamed"]));
}
