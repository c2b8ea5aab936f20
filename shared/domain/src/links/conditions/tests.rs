//! Every kind of condition: how it is stored, what it asks for and has in explanations, and what it is met by.

use proptest::prelude::*;

use super::kind::ConditionKind;
use super::*;
use crate::testing::visit;
use crate::values::form::{self, Unknown};
use crate::values::moment::Moment;

fn read(body: Value) -> Result<Conditions, Vec<String>> {
    form::read(body, Unknown::Refuse, Conditions::read).map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect())
}

fn stored(value: &Value) -> Conditions {
    serde_json::from_value(value.clone()).unwrap()
}

/// The first condition that is not met, with what it asks for and what the visit has; the visitor is in bucket 1250.
fn unmet(conditions: &Conditions, visit: &Visit) -> Option<(&'static str, Value, Value)> {
    let bucket = || 1_250;
    let subject = conditions.subject(visit, &bucket);
    let condition = conditions.first_unmet(visit, &bucket)?;
    assert!(!condition.is_met(&subject));
    Some((condition.name(), condition.expected(), condition.actual(&subject)))
}

#[test]
fn an_explanation_shows_what_was_asked_for_and_what_the_visit_has() {
    let tokyo = json!({"from": "22:00", "to": "23:00", "timeZone": "Asia/Tokyo"});
    for (name, asked, expected, actual) in [
        ("countryIn", json!(["de", "UNKNOWN"]), json!(["DE", "UNKNOWN"]), json!("US")),
        ("deviceIn", json!(["tablet"]), json!(["TABLET"]), json!("MOBILE")),
        ("sourceIn", json!(["email"]), json!(["email"]), json!("instagram")),
        ("campaignIn", json!(["summer"]), json!(["summer"]), json!("spring")),
        ("segmentIn", json!(["converted"]), json!(["converted"]), json!(["vip", "new"])),
        ("languageIn", json!(["en"]), json!(["en"]), json!("de-AT")),
        ("weekdayIn", json!(["Sunday", "mon"]), json!(["SUN", "MON"]), json!("FRI")),
        ("timeBetween", tokyo.clone(), tokyo, json!("07:30")),
        ("percent", json!({"from": 12.51, "to": 100}), json!({"from": 12.51, "to": 100}), json!(12.5)),
    ] {
        let conditions = read(json!({ name: asked })).unwrap();
        assert_eq!(unmet(&conditions, &visit()), Some((name, expected.clone(), actual)));
        assert_eq!(conditions.names(), [name]);
        assert_eq!(serde_json::to_value(&conditions).unwrap(), json!({ name: expected }));
    }
    let nothing = Visit { campaign: None, language: None, segments: Vec::new(), ..visit() };
    for (name, actual) in [("campaignIn", json!(null)), ("languageIn", json!(null)), ("segmentIn", json!([]))] {
        let conditions = read(json!({ name: ["a"] })).unwrap();
        assert_eq!(unmet(&conditions, &nothing), Some((name, json!(["a"]), actual)));
    }
}

#[test]
fn conditions_are_checked_in_the_order_of_the_table_and_the_first_unmet_is_named() {
    let of_visit = json!({
        "percent": {"from": 12.5, "to": 12.51}, "timeBetween": {"from": "22:00", "to": "23:00", "timeZone": "UTC"}, "weekdayIn": ["FRI"],
        "languageIn": ["de"], "segmentIn": ["new"], "campaignIn": ["SPRING"], "sourceIn": ["Instagram"], "deviceIn": ["MOBILE"],
        "countryIn": ["US"],
    });
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let all = stored(&of_visit);
    assert_eq!(all.names(), names);
    assert_eq!((unmet(&all, &visit()), serde_json::to_value(&all).unwrap()), (None, of_visit.clone()));
    let never = json!({
        "percent": {"from": 0, "to": 0.01}, "timeBetween": {"from": "22:00", "to": "22:01"}, "weekdayIn": ["SAT"], "languageIn": ["d"],
        "segmentIn": ["v"], "campaignIn": ["x"], "sourceIn": ["x"], "deviceIn": ["BOT"], "countryIn": ["DE"],
    });
    for (place, name) in names.iter().enumerate() {
        let mut conditions = of_visit.clone();
        for later in &names[place..] {
            conditions[later] = never[later].clone();
        }
        assert_eq!(unmet(&stored(&conditions), &visit()).map(|(unmet, ..)| unmet), Some(*name));
    }
}

#[test]
fn what_asks_for_nothing_or_is_of_another_version_is_no_condition() {
    let empty = json!({"countryIn": [], "timeBetween": null, "percent": null, "moonIn": ["FULL"]});
    assert_eq!(stored(&empty), Conditions::default());
    assert_eq!(read(json!({"countryIn": [], "timeBetween": null, "percent": null})), Ok(Conditions::default()));
    assert_eq!((Conditions::default().names(), unmet(&Conditions::default(), &visit())), (Vec::new(), None));
    let error = |text: &str| serde_json::from_str::<Conditions>(text).unwrap_err().to_string();
    assert!(error("7").contains("an object of conditions"), "{}", error("7"));
    for damaged in [
        r#"{"countryIn": "DE"}"#,
        r#"{"timeBetween": {"from": "9:30", "to": "10:00"}}"#,
        r#"{"percent": {"from": 0}}"#,
        r#"{"percent": {"from": 0, "to": 100.01}}"#,
        r#"{"percent": {"from": 0.001, "to": 1}}"#,
    ] {
        assert!(serde_json::from_str::<Conditions>(damaged).is_err(), "{damaged}");
    }
}

#[test]
fn every_bad_condition_is_named() {
    let many = |entry: &str, count: usize| json!(vec![entry; count]);
    for (conditions, fields) in [
        (json!({"moonIn": ["FULL"]}), vec!["moonIn"]),
        (json!({"countryIn": ["DEU", "D", "de"], "deviceIn": ["WATCH"]}), vec!["countryIn[0]", "countryIn[1]", "deviceIn[0]"]),
        (json!({"weekdayIn": ["Mo", "TUESDAY", "tue"], "sourceIn": [""]}), vec!["sourceIn[0]", "weekdayIn[0]"]),
        (json!({"segmentIn": many("a", 101), "sourceIn": many("a", 100)}), vec!["segmentIn"]),
        (json!({"languageIn": many("de", 101), "countryIn": many("DE", 250)}), vec!["languageIn"]),
        (json!({"timeBetween": {"from": "9:30", "to": "24:00"}}), vec!["timeBetween.from", "timeBetween.to"]),
        (
            json!({"timeBetween": {"from": "09:3", "to": "0a:00", "timeZone": "Mars"}}),
            vec!["timeBetween.from", "timeBetween.to", "timeBetween.timeZone"],
        ),
        (json!({"timeBetween": {"from": "009:30", "to": "09:030"}}), vec!["timeBetween.from", "timeBetween.to"]),
        (json!({"timeBetween": {"from": "09:60", "to": "0930"}}), vec!["timeBetween.from", "timeBetween.to"]),
        (json!({"percent": {"from": 10, "to": 10}}), vec!["percent.to"]),
        (json!({"percent": {"from": 10.01, "to": 10}}), vec!["percent.to"]),
        (json!({"percent": {"from": -1, "to": 100.01}}), vec!["percent.from", "percent.to"]),
        (json!({"percent": {"from": 0.001, "to": 1}}), vec!["percent.from"]),
    ] {
        assert_eq!(read(conditions.clone()).unwrap_err(), fields, "{conditions}");
    }
}

#[test]
fn texts_are_compared_without_case_in_every_script() {
    for (a, b, is_same) in [
        ("Launch", "lAUNCH", true),
        ("launch", "lunch", false),
        ("\u{c9}T\u{c9}", "\u{e9}t\u{e9}", true),
        ("\u{c9}T\u{c9}", "\u{e8}t\u{e9}", false),
        ("\u{e9}", "e", false),
        ("e", "\u{e9}", false),
        ("\u{212a}", "k", true),
        ("", "", true),
    ] {
        assert_eq!(same(a, b), is_same, "{a} and {b}");
    }
}

#[test]
fn a_language_range_covers_itself_and_what_follows_a_hyphen() {
    for (range, tag, is_covered) in [
        ("de", "de", true),
        ("de", "DE-AT", true),
        ("de-AT", "de-at-1996", true),
        ("de-AT", "de", false),
        ("de", "deu", false),
        ("de", "en", false),
        ("en", "de-en", false),
        ("de-", "de-AT", false),
    ] {
        assert_eq!(covers(range, tag), is_covered, "{range} and {tag}");
    }
}

#[test]
fn conditions_are_the_same_if_kind_and_values_are() {
    let of = |name: &str, values: &[&str]| stored(&json!({ name: values }));
    let condition = of("sourceIn", &["a", "b"]);
    assert_eq!(condition, of("sourceIn", &["a", "b"]));
    for other in [of("campaignIn", &["a", "b"]), of("sourceIn", &["b", "a"]), of("sourceIn", &["a"])] {
        assert_ne!(condition, other);
    }
    let differ = |a: &ConditionKind, b: &ConditionKind| a.name != b.name;
    for (place, kind) in KINDS.iter().enumerate() {
        let equal: Vec<usize> = (0..KINDS.len()).filter(|other| *kind == KINDS[*other]).collect();
        assert_eq!(equal, [place]);
        assert!(KINDS.iter().filter(|other| differ(kind, other)).count() == KINDS.len() - 1, "{} is twice in the table", kind.name);
    }
    assert_eq!(format!("{condition:?}"), r#"Conditions([sourceIn: AnyOf(["a", "b"])])"#);
}

#[test]
fn every_day_of_a_week_has_two_names_and_follows_the_zone() {
    let monday: Moment = "2026-03-02T12:00:00Z".parse().unwrap();
    let days = [("MON", "Monday"), ("TUE", "tuesday"), ("WED", "WEDNESDAY"), ("THU", "Thursday"), ("FRI", "FRIDAY"), ("SAT", "saturday")];
    for (number, (short, long)) in (0..).zip(days.into_iter().chain([("SUN", "Sunday")])) {
        let visit = Visit { at: monday.plus_days(number), ..visit() };
        for name in [short.to_owned(), short.to_lowercase(), long.to_owned()] {
            let conditions = read(json!({"weekdayIn": [name]})).unwrap();
            assert_eq!((unmet(&conditions, &visit), conditions.clone()), (None, stored(&json!({"weekdayIn": [short]}))));
            assert_eq!(unmet(&conditions, &Visit { at: visit.at.plus_days(1), ..visit.clone() }).map(|(name, ..)| name), Some("weekdayIn"));
            // In Auckland it is already the next day.
            let there = json!({"weekdayIn": [name], "timeBetween": {"from": "00:00", "to": "00:00", "timeZone": "Pacific/Auckland"}});
            assert!(unmet(&read(there).unwrap(), &Visit { at: visit.at.plus_days(-1), ..visit.clone() }).is_none());
        }
    }
}

proptest! {
    #[test]
    fn a_span_of_the_day_has_as_many_minutes_as_lie_between_its_ends(from in 0_i64..1440, to in 0_i64..1440, off in -2_i64..3, end in any::<bool>(), millis in prop_oneof![Just(0), Just(59_999), 0_i64..60_000]) {
        let spelled = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let span = json!({"timeBetween": {"from": spelled(from), "to": spelled(to), "timeZone": "UTC"}});
        let conditions = read(span.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&conditions).unwrap(), span);
        // A moment near one of the ends.
        let minute = (if end { to } else { from } + off).rem_euclid(1440);
        let midnight: Moment = "2026-03-06T00:00:00Z".parse().unwrap();
        let visit = Visit { at: midnight.plus_secs(minute * 60).plus_millis(millis), ..visit() };
        let length = if from == to { 1440 } else { (to - from).rem_euclid(1440) };
        let is_in = (minute - from).rem_euclid(1440) < length;
        let expected = (!is_in).then(|| json!(spelled(minute)));
        prop_assert_eq!(unmet(&conditions, &visit).map(|(_, _, actual)| actual), expected);
    }

    #[test]
    fn a_share_of_visitors_has_the_buckets_from_its_first_up_to_its_last(from in 0_u64..10_000, width in 1_u64..10_000, near in 0_u64..4) {
        let to = (from + width).min(10_000);
        let percent = |hundredths: u64| json!(kind::percent(hundredths));
        let conditions = read(json!({"percent": {"from": percent(from), "to": percent(to)}})).unwrap();
        for bucket in [from.saturating_sub(near), from + near, to.saturating_sub(near), (to + near).min(9_999)] {
            let is_met = conditions.first_unmet(&visit(), &|| bucket).is_none();
            prop_assert_eq!(is_met, from <= bucket && bucket < to, "{}", bucket);
        }
    }
}
