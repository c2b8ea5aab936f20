//! What holds of every decision, and what a plain reading of the contract says it must be.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const DAY_MS: i64 = 86_400_000;
const MONTH_MS: i64 = 30 * DAY_MS;
/// Ages at whose very edge windows, days and the life of a signal end.
const AGES: [i64; 12] = [0, 1, 59_999, 60_000, 60_001, 3_600_000, DAY_MS / 2, DAY_MS / 2 + 1, DAY_MS, MONTH_MS - 1, MONTH_MS, MONTH_MS + 1];
const KEYS: [&str; 4] = ["view", "intent", "segment", "purchase"];
const VALUES: [&str; 4] = ["VIP", "vip", "shoes", "returning"];

/// A signal, in the words of the oracle.
#[derive(Clone, Debug)]
struct ReportedSignal {
    key: &'static str,
    value: Option<&'static str>,
    confidence: u32,
    age_ms: i64,
}

impl ReportedSignal {
    fn signal(&self) -> Signal {
        signal(self.key, self.value, self.confidence, self.age_ms)
    }
}

fn reported_signals() -> impl Strategy<Value = ReportedSignal> {
    let confidence = select(vec![0, 499_999, 500_000, 699_999, 700_000, 1_000_000]);
    (select(&KEYS[..]), prop::option::of(select(&VALUES[..])), confidence, select(&AGES[..]))
        .prop_map(|(key, value, confidence, age_ms)| ReportedSignal { key, value, confidence, age_ms })
}

fn condition() -> impl Strategy<Value = Value> {
    let signals = (
        select(&KEYS[..]),
        prop::option::of(prop::collection::vec(select(&VALUES[..]), 0..3)),
        prop::option::of(1..4),
        prop::option::of(select(vec![1, 60, 3_600, 86_400])),
        prop::option::of(select(vec![0.0, 0.5, 0.7, 1.0])),
    )
        .prop_map(|(key, values, count, seconds, sure)| {
            json!({"signalKey": key, "signalValueIn": values, "minCount": count, "withinSeconds": seconds, "minConfidence": sure})
        });
    let names = vec!["new", "RETURNING", "engaged_prospect", "converted", "Vip", "shoes"];
    prop_oneof![4 => signals, 1 => prop::collection::vec(select(names), 1..3).prop_map(|names| json!({"segmentIn": names}))]
}

/// The bodies of rules; some have one id, the last of which stays.
fn bodies() -> impl Strategy<Value = Vec<(String, Value)>> {
    let some = || prop::collection::vec(condition(), 0..3);
    let rule =
        (select(vec!["a", "b", "c", "d", "e", "f"]), 0..3, prop::bool::weighted(0.9), prop::bool::weighted(0.8), some(), some(), some());
    let body = rule.prop_map(|(id, priority, enabled, is_checkout, all, any, none)| {
        let trigger = if is_checkout { "checkout" } else { "exit" };
        let when = json!({"all": all, "any": any, "none": none});
        let body = json!({"trigger": trigger, "priority": priority, "enabled": enabled, "when": when, "action": {"type": "message", "text": id}, "ttlSeconds": priority});
        (id.to_owned(), body)
    });
    prop::collection::vec(body, 0..8)
}

fn book_of(bodies: &[(String, Value)]) -> ChainRules {
    book(bodies.iter().map(|(id, body)| ChainRule::read(id.parse().unwrap(), body.clone(), &OwnHosts::default()).unwrap()))
}

fn decision<'a>(trigger: &'a Trigger, signals: &[ReportedSignal], is_converted: bool, book: &'a ChainRules) -> Decision<'a> {
    let session = Session::new(signals.iter().map(ReportedSignal::signal), is_converted, NOW);
    let (handle, id) = who();
    decide((&handle, &id), trigger, &session, &segments(&session), book, NOW)
}

fn checkout() -> Trigger {
    "checkout".parse().unwrap()
}

/// Which rule matches, and each rule looked at with where it failed.
type Outcome = (Option<String>, Vec<(String, Option<String>)>);

fn outcome(signals: &[ReportedSignal], is_converted: bool, book: &ChainRules) -> Outcome {
    let trigger = checkout();
    let decision = decision(&trigger, signals, is_converted, book);
    let looks = decision.looks.iter().map(|look| (look.rule.rule_id.to_string(), look.failed.clone())).collect();
    (decision.rule.map(ToString::to_string), looks)
}

/// The contract, read plainly: no order of signals, no types, one condition after the other.
struct Oracle<'a> {
    live: Vec<&'a ReportedSignal>,
    segments: BTreeSet<String>,
}

impl<'a> Oracle<'a> {
    fn of(signals: &'a [ReportedSignal], is_converted: bool) -> Self {
        let live: Vec<&ReportedSignal> = signals.iter().filter(|signal| signal.age_ms < MONTH_MS).collect();
        let days: BTreeSet<i64> = live.iter().map(|signal| (NOW.millis() - signal.age_ms) / DAY_MS).collect();
        let mut segments: BTreeSet<String> =
            live.iter().filter(|signal| signal.key == "segment").filter_map(|signal| signal.value).map(str::to_lowercase).collect();
        segments.insert(if days.len() >= 2 { "returning" } else { "new" }.to_owned());
        if is_converted {
            segments.insert("converted".to_owned());
        }
        if live.len() >= 5 || live.iter().any(|signal| signal.key == "intent" && signal.confidence >= 700_000) {
            segments.insert("engaged_prospect".to_owned());
        }
        Self { live, segments }
    }

    fn holds(&self, condition: &Value) -> bool {
        if let Some(names) = condition["segmentIn"].as_array() {
            return names.iter().any(|name| self.segments.contains(&name.as_str().unwrap().to_lowercase()));
        }
        let mut count = 0;
        for signal in &self.live {
            let wanted = condition["signalValueIn"].as_array().filter(|wanted| !wanted.is_empty());
            let is_wanted = |value: &str| wanted.unwrap().iter().any(|one| one.as_str().unwrap().to_lowercase() == value.to_lowercase());
            if signal.key == condition["signalKey"]
                && (wanted.is_none() || signal.value.is_some_and(is_wanted))
                && condition["withinSeconds"].as_i64().is_none_or(|seconds| signal.age_ms < seconds * 1000)
                && condition["minConfidence"].as_f64().is_none_or(|least| f64::from(signal.confidence) / 1e6 >= least)
            {
                count += 1;
            }
        }
        count >= condition["minCount"].as_u64().unwrap_or(1)
    }

    fn failed(&self, when: &Value) -> Option<String> {
        let of = |name: &str| when[name].as_array().unwrap();
        if let Some(index) = of("all").iter().position(|condition| !self.holds(condition)) {
            return Some(format!("all[{index}]"));
        }
        if !of("any").is_empty() && !of("any").iter().any(|condition| self.holds(condition)) {
            return Some("any".to_owned());
        }
        of("none").iter().position(|condition| self.holds(condition)).map(|index| format!("none[{index}]"))
    }

    fn decides(&self, bodies: &[(String, Value)]) -> Outcome {
        let last: BTreeMap<&String, &Value> = bodies.iter().map(|(id, body)| (id, body)).collect();
        let mut asked: Vec<_> = last.into_iter().filter(|(_, body)| body["enabled"] == true && body["trigger"] == "checkout").collect();
        asked.sort_by_key(|(id, body)| (body["priority"].as_i64(), *id));
        let mut looks = Vec::new();
        for (id, body) in asked {
            looks.push((id.clone(), self.failed(&body["when"])));
            if looks.last().is_some_and(|(_, failed)| failed.is_none()) {
                return (Some(id.clone()), looks);
            }
        }
        (None, looks)
    }
}

proptest! {
    #[test]
    fn a_decision_is_what_a_plain_reading_of_the_contract_says(
        signals in prop::collection::vec(reported_signals(), 0..9), is_converted in any::<bool>(), bodies in bodies(),
    ) {
        let oracle = Oracle::of(&signals, is_converted);
        prop_assert_eq!(outcome(&signals, is_converted, &book_of(&bodies)), oracle.decides(&bodies));
        let signal = segments(&Session::new(signals.iter().map(ReportedSignal::signal), is_converted, NOW));
        prop_assert_eq!(signal.len(), oracle.segments.len());
        prop_assert_eq!(signal.into_iter().collect::<BTreeSet<_>>(), oracle.segments);
    }

    #[test]
    fn neither_the_order_of_signals_nor_that_in_which_rules_were_written_decides_anything(
        (signals, shuffled) in prop::collection::vec(reported_signals(), 0..9).prop_flat_map(|signals| (Just(signals.clone()), Just(signals).prop_shuffle())),
        (bodies, rewritten) in bodies().prop_flat_map(|mut bodies| {
            bodies.sort_by(|(a, _), (b, _)| a.cmp(b));
            bodies.dedup_by(|(a, _), (b, _)| a == b);
            (Just(bodies.clone()), Just(bodies).prop_shuffle())
        }),
    ) {
        let session = |signals: &[ReportedSignal]| Session::new(signals.iter().map(ReportedSignal::signal), false, NOW);
        prop_assert_eq!(session(&signals), session(&shuffled));
        let (trigger, book, rewritten) = (checkout(), book_of(&bodies), book_of(&rewritten));
        prop_assert_eq!(decision(&trigger, &signals, false, &book), decision(&trigger, &shuffled, false, &rewritten));
    }

    #[test]
    fn the_order_of_conditions_changes_nothing_of_what_matches(signals in prop::collection::vec(reported_signals(), 0..9), bodies in bodies(), turns in 0_usize..3) {
        let mut turned = bodies.clone();
        for (_, body) in &mut turned {
            for list in body["when"].as_object_mut().unwrap().values_mut() {
                let list = list.as_array_mut().unwrap();
                let turns = turns.min(list.len());
                list.rotate_left(turns);
                list.reverse();
            }
        }
        let matched = |bodies: &[(String, Value)]| {
            let (rule, looks) = outcome(&signals, false, &book_of(bodies));
            (rule, looks.into_iter().map(|(id, failed)| (id, failed.is_none())).collect::<Vec<_>>())
        };
        prop_assert_eq!(matched(&bodies), matched(&turned));
    }

    #[test]
    fn signals_no_rule_asks_for_change_no_decision_while_they_change_no_segment(
        signals in prop::collection::vec(reported_signals(), 0..9), bodies in bodies(), ages in prop::collection::vec(select(&AGES[..]), 1..4),
    ) {
        let mut more = signals.clone();
        more.extend(ages.into_iter().map(|age_ms| ReportedSignal { key: "scroll", value: Some("vip"), confidence: 1_000_000, age_ms }));
        prop_assume!(Oracle::of(&signals, false).segments == Oracle::of(&more, false).segments);
        let book = book_of(&bodies);
        prop_assert_eq!(outcome(&signals, false, &book), outcome(&more, false, &book));
    }

    #[test]
    fn a_window_and_the_life_of_a_signal_end_on_the_millisecond(
        now in 1_600_000_000_000_i64..2_000_000_000_000, seconds in 1..=2_592_000_i64, off in -1..=1_i64, is_window in any::<bool>(),
    ) {
        let now = Moment::from_millis(now);
        let age_ms = if is_window { seconds * 1000 } else { MONTH_MS } + off;
        let session = Session::new([Signal { at: now.plus_millis(-age_ms), ..signal("view", None, 1, 0) }], false, now);
        prop_assert_eq!(session.signals().len(), usize::from(age_ms < MONTH_MS));
        let book = book([rule("r", 1, json!({"all": [{"signalKey": "view", "withinSeconds": seconds}]}))]);
        let (handle, id) = who();
        let trigger = checkout();
        let decision = decide((&handle, &id), &trigger, &session, &segments(&session), &book, now);
        prop_assert_eq!(decision.rule.is_some(), age_ms < MONTH_MS && age_ms < seconds * 1000);
    }
}
