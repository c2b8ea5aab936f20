//! Decisions are functions of signals, rules and the moment, and of nothing else.

mod properties;

use serde_json::{Value, json};

use super::*;
use crate::values::destination::OwnHosts;
use crate::values::moment::Moment;
use crate::values::name::{Handle, SessionId, Trigger};

const NOW: Moment = Moment::from_millis(1_772_366_400_000);

fn signal(key: &str, value: Option<&str>, confidence: u32, ago_ms: i64) -> Signal {
    Signal {
        at: NOW.plus_millis(-ago_ms),
        key: key.parse().unwrap(),
        value: value.map(str::to_owned),
        confidence: Confidence::of_millionths(confidence),
        source: None,
        metadata: None,
    }
}

fn rule(id: &str, priority: i64, when: Value) -> ChainRule {
    let body = json!({"trigger": "checkout", "priority": priority, "when": when, "action": {"type": "banner", "text": id}});
    ChainRule::read(id.parse().unwrap(), body, &OwnHosts::default()).unwrap()
}

fn book(rules: impl IntoIterator<Item = ChainRule>) -> ChainRules {
    let mut book = ChainRules::default();
    for rule in rules {
        book.insert(rule);
    }
    book
}

fn who() -> (Handle, SessionId) {
    ("demo".parse().unwrap(), "sess-1".parse().unwrap())
}

/// The rule that matches, and why those before it did not.
fn decided(signals: Vec<Signal>, book: &ChainRules) -> (Option<String>, Vec<Option<String>>) {
    let session = Session::new(signals, false, NOW);
    let (handle, id) = who();
    let trigger: Trigger = "checkout".parse().unwrap();
    let decision = decide((&handle, &id), &trigger, &session, &segments(&session), book, NOW);
    (decision.rule.map(ToString::to_string), decision.looks.into_iter().map(|look| look.failed).collect())
}

#[test]
fn rules_are_looked_at_by_priority_and_id_until_one_matches() {
    let never = json!({"all": [{"signalKey": "purchase"}]});
    let book = book([rule("b", 10, json!({})), rule("a", 10, json!({})), rule("z", 1, never)]);
    assert_eq!(decided(vec![], &book), (Some("a".to_owned()), vec![Some("all[0]".to_owned()), None]));
}

#[test]
fn counts_values_windows_and_confidence_are_asked_to_the_last_one() {
    for (when, signals, matches) in [
        (json!({"all": [{"signalKey": "view", "minCount": 2}]}), vec![signal("view", None, 1, 0)], false),
        (json!({"all": [{"signalKey": "view", "minCount": 2}]}), vec![signal("view", None, 1, 0), signal("view", None, 1, 5)], true),
        (json!({"all": [{"signalKey": "view", "withinSeconds": 60}]}), vec![signal("view", None, 1, 59_999)], true),
        (json!({"all": [{"signalKey": "view", "withinSeconds": 60}]}), vec![signal("view", None, 1, 60_000)], false),
        (json!({"all": [{"signalKey": "intent", "minConfidence": 0.7}]}), vec![signal("intent", None, 700_000, 0)], true),
        (json!({"all": [{"signalKey": "intent", "minConfidence": 0.7}]}), vec![signal("intent", None, 699_999, 0)], false),
        (json!({"all": [{"signalKey": "category", "signalValueIn": ["Shoes"]}]}), vec![signal("category", Some("shoes"), 1, 0)], true),
        (json!({"all": [{"signalKey": "city", "signalValueIn": ["ZÜRICH"]}]}), vec![signal("city", Some("Zürich"), 1, 0)], true),
        (json!({"any": [{"signalKey": "a"}, {"signalKey": "b"}]}), vec![signal("b", None, 1, 0)], true),
        (json!({"any": [{"signalKey": "a"}, {"signalKey": "b"}]}), vec![signal("c", None, 1, 0)], false),
        (json!({"none": [{"signalKey": "purchase"}]}), vec![], true),
        (json!({"none": [{"signalKey": "purchase"}]}), vec![signal("purchase", None, 1, 0)], false),
        (json!({"all": [{"segmentIn": ["new"]}]}), vec![signal("view", None, 1, 0)], true),
    ] {
        let book = book([rule("r", 1, when.clone())]);
        assert_eq!(decided(signals, &book).0.is_some(), matches, "{when}");
    }
}

#[test]
fn segments_follow_from_the_signals_assigned_ones_first() {
    let of = |signals: Vec<Signal>, is_converted: bool| segments(&Session::new(signals, is_converted, NOW));
    let view = |ago_ms: i64| signal("view", None, 1_000_000, ago_ms);
    const DAY: i64 = 86_400_000;
    assert_eq!(of(vec![], false), ["new"]);
    assert_eq!(of(vec![view(0), view(DAY)], false), ["returning"]);
    assert_eq!(of((0..5).map(view).collect(), false), ["engaged_prospect", "new"]);
    assert_eq!(of(vec![signal("intent", None, 700_000, 0)], false), ["engaged_prospect", "new"]);
    assert_eq!(of(vec![view(0)], true), ["converted", "new"]);
    assert_eq!(of(vec![signal("segment", Some("VIP"), 1, 0), signal("segment", Some("a b"), 1, 0)], false), ["vip", "new"]);
}

#[test]
fn a_signal_counts_for_thirty_days_to_the_millisecond() {
    let month = SIGNAL_DAYS * 86_400_000;
    assert_eq!(Session::new([signal("view", None, 1, month - 1)], false, NOW).signals().len(), 1);
    assert_eq!(Session::new([signal("view", None, 1, month)], false, NOW).signals().len(), 0);
}

#[test]
fn both_shapes_of_a_signal_are_read_and_every_bad_field_is_named() {
    let seed = json!({"handle": "demo", "sessionId": "sess-1", "signals": [{"type": "view"}]});
    assert_eq!(SignalBatch::read(seed).unwrap().signals[0].key.as_str(), "view");
    let full = json!({"handle": "demo", "sessionId": "s", "signals": [{"signalKey": "intent", "signalValue": "buy", "confidence": 0.85,
        "source": "sdk", "metadata": {"page": "/p"}, "signalId": "s-1", "occurredAt": "2026-03-01T12:00:00Z", "unknown": 1}]});
    assert_eq!(SignalBatch::read(full).unwrap().signals[0].confidence, Confidence::of_millionths(850_000));
    let fields = |body: Value| SignalBatch::read(body).unwrap_err().0.into_iter().map(|fault| fault.field).collect::<Vec<_>>();
    assert_eq!(fields(json!({})), ["handle", "sessionId", "signals"]);
    assert_eq!(fields(json!({"handle": "demo", "sessionId": "s", "signals": []})), ["signals"]);
    assert_eq!(
        fields(json!({"handle": "demo", "sessionId": "s", "signals": [{}, {"type": "view", "confidence": 2, "metadata": []}]})),
        ["signals[0].signalKey", "signals[1].confidence", "signals[1].metadata"]
    );
    let many = vec![json!({"type": "view"}); 51];
    assert_eq!(fields(json!({"handle": "demo", "sessionId": "s", "signals": many})), ["signals"]);
}

#[test]
fn a_rule_that_failed_tells_all_that_it_asked() {
    let full = json!({"signalKey": "intent", "signalValueIn": ["buy"], "minCount": 2, "withinSeconds": 60, "minConfidence": 0.7});
    let segment = json!({"segmentIn": ["vip"]});
    let (handle, id) = who();
    let trigger: Trigger = "checkout".parse().unwrap();
    let session = Session::new([signal("intent", Some("buy"), 800_000, 0)], false, NOW);
    let segments = segments(&session);
    for (when, expected, actual) in [
        (json!({"all": [full]}), full.clone(), json!({"count": 1})),
        (json!({"any": [full, segment]}), json!({"any": [full, segment]}), json!([{"count": 1}, ["engaged_prospect", "new"]])),
        (json!({"none": [{"segmentIn": ["NEW"]}]}), json!({"not": {"segmentIn": ["NEW"]}}), json!(["engaged_prospect", "new"])),
    ] {
        let book = book([rule("r", 1, when)]);
        let decision = decide((&handle, &id), &trigger, &session, &segments, &book, NOW);
        assert_eq!((decision.looks[0].expected.clone(), decision.looks[0].actual.clone()), (Some(expected), Some(actual)));
    }
}

#[test]
fn a_condition_asks_for_something() {
    let read = |condition: Value| {
        let body = json!({"trigger": "checkout", "when": {"all": [condition]}, "action": {"type": "none"}});
        let faults = ChainRule::read("r".parse().unwrap(), body, &OwnHosts::default()).unwrap_err().0;
        faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
    };
    assert_eq!(read(json!({})), ["when.all[0].signalKey"]);
    assert_eq!(read(json!({"segmentIn": []})), ["when.all[0].segmentIn"]);
    assert_eq!(read(json!({"segmentIn": ["vip"], "signalKey": "view"})), ["when.all[0].signalKey"]);
}

#[test]
fn a_redirect_needs_a_destination_that_is_not_ours() {
    let own = OwnHosts::new(["links.example".to_owned()]);
    let read = |action: Value| {
        let body = json!({"trigger": "checkout", "action": action});
        ChainRule::read("r".parse().unwrap(), body, &own)
            .map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect::<Vec<_>>())
    };
    assert!(read(json!({"type": "redirect", "destinationUrl": "https://shop.example.com/"})).is_ok());
    assert!(read(json!({"type": "none"})).is_ok());
    assert_eq!(read(json!({"type": "redirect"})).unwrap_err(), ["action.destinationUrl"]);
    assert_eq!(read(json!({"type": "redirect", "destinationUrl": "https://demo.links.example/x"})).unwrap_err(), ["action.destinationUrl"]);
    assert_eq!(read(json!({"type": "dance", "x": 1})).unwrap_err(), ["action.type", "action.x"]);
}

#[test]
fn twenty_segments_may_be_assigned_and_no_more() {
    let assigned: Vec<Signal> = (0..200).map(|number| signal("segment", Some(&format!("vip-{number:03}")), 1_000_000, 0)).collect();
    let segments = segments(&Session::new(assigned, false, NOW));
    assert_eq!(
        (segments.len(), segments[0].as_str(), segments[19].as_str(), segments[20].as_str()),
        (22, "vip-000", "vip-019", "engaged_prospect")
    );
}
