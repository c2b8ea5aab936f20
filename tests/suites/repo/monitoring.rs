//! Alarms, metrics and the runbook belong together: an alarm watches a metric that is written, and names what to do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use store::invocation::Metric;

use super::invariants::{binary, files, functions, read, resources, template};

/// The metrics of AWS that alarms and the dashboard use, by namespace.
const OF_AWS: [(&str, &[&str]); 5] = [
    ("AWS/SQS", &["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"]),
    ("AWS/Lambda", &["Errors", "Throttles", "Duration", "Invocations", "ConcurrentExecutions", "AsyncEventsDropped"]),
    ("AWS/ApiGateway", &["Count", "4xx", "5xx", "Latency"]),
    (
        "AWS/DynamoDB",
        &["ReadThrottleEvents", "WriteThrottleEvents", "SystemErrors", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"],
    ),
    ("AWS/Logs", &["IncomingBytes"]),
];
const RUNBOOK: &str = "docs/operations.md";

/// The sections of the runbook by their anchors, with their text.
fn sections() -> BTreeMap<String, String> {
    let text = read(RUNBOOK);
    let runbook = text.split("\n## ").find(|part| part.starts_with("Runbook\n")).expect("a runbook");
    let named = runbook.split("\n### ").skip(1).map(|section| section.split_once('\n').expect("a heading"));
    named.map(|(heading, text)| (heading.to_lowercase().replace(' ', "-"), text.to_owned())).collect()
}

/// The metrics that log lines are counted as, with the log groups in which they are looked for.
fn of_logs(template: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, filter) in resources(template, "AWS::Logs::MetricFilter") {
        let filter = &filter["Properties"];
        let [metric] = filter["MetricTransformations"].as_array().expect("metrics").as_slice() else { panic!("{id}") };
        let name = metric["MetricName"].as_str().expect("a name");
        assert_eq!(metric["MetricNamespace"], json!({"!Ref": "AWS::StackName"}), "{id}");
        assert_eq!(filter["FilterPattern"], format!("{{ $.metric = \"{name}\" }}"), "{id}");
        let group = filter["LogGroupName"]["!Ref"].as_str().expect("a log group");
        metrics.entry(name.to_owned()).or_default().insert(group.to_owned());
    }
    metrics
}

/// Whether the functions write this metric themselves.
fn is_written(name: &str) -> bool {
    Metric::ALL.iter().any(|metric| metric.name() == name)
}

#[test]
fn every_alarm_watches_a_metric_that_is_written_and_names_a_section_of_the_runbook() {
    let template = template();
    let (sections, of_logs) = (sections(), of_logs(&template));
    let mut named = BTreeSet::new();
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        let description = alarm["AlarmDescription"].as_str().expect("a description");
        let (_, anchor) = description.split_once(" docs/operations.md#").unwrap_or_else(|| panic!("{id} names no section"));
        assert!(sections.contains_key(anchor), "{id}: there is no section {anchor}");
        named.insert(anchor.to_owned());
        assert_eq!(alarm["AlarmActions"], json!({"!If": ["UseAlarmTopic", [{"!Ref": "AlarmTopicArn"}], {"!Ref": "AWS::NoValue"}]}), "{id}");
        let parts = alarm["Metrics"].as_array().into_iter().flatten().filter_map(|part| part["MetricStat"].get("Metric"));
        let parts: Vec<&Value> = parts.chain(alarm.get("MetricName").map(|_| alarm)).collect();
        assert!(!parts.is_empty(), "{id} watches nothing");
        for metric in parts {
            let name = metric["MetricName"].as_str().expect("a metric");
            let functions: Vec<&Value> = metric["Dimensions"].as_array().into_iter().flatten().collect();
            match metric["Namespace"].as_str() {
                Some(namespace) => {
                    assert!(OF_AWS.iter().any(|(known, names)| *known == namespace && names.contains(&name)), "{id}: {namespace} {name}");
                }
                None if of_logs.contains_key(name) => assert!(functions.is_empty(), "{id}: a metric of logs has no dimension"),
                None => {
                    assert!(metric["Namespace"] == json!({"!Ref": "AWS::StackName"}) && is_written(name), "{id}: nothing writes {name}");
                    assert!(functions.len() == 1 && functions[0]["Name"] == "FunctionName", "{id}: {functions:?}");
                }
            }
        }
    }
    // What people report rather than an alarm.
    let others = ["counters-drift", "one-tenant-floods-the-api", "a-key-or-token-leaked", "restore-the-table", "a-region-is-lost"];
    named.extend(others.map(str::to_owned));
    assert_eq!(named, sections.keys().cloned().collect(), "sections of the runbook, and what leads to them");
    for (anchor, text) in sections {
        for part in ["- Do", "- Over when"] {
            assert!(text.contains(part), "{anchor} does not say {part}");
        }
    }
}

#[test]
fn every_metric_is_measured_somewhere_and_every_line_that_is_counted_is_logged_in_the_group_that_is_searched() {
    let sources: Vec<(String, String)> = files(&["shared", "functions"], ".rs").into_iter().map(|path| (read(&path), path)).collect();
    for metric in Metric::ALL {
        let used = format!("Metric::{metric:?}");
        let is_used = |(text, path): &(String, String)| text.contains(&used) && path != "shared/store/src/invocation.rs";
        assert!(sources.iter().any(is_used), "nothing measures {metric:?}");
        assert!(read(RUNBOOK).contains(&format!("`{}`", metric.name())), "{RUNBOOK} does not explain {}", metric.name());
    }
    let template = template();
    let group = |function: &Value| {
        let own = &function["Properties"]["LoggingConfig"]["LogGroup"];
        if own.is_null() { template["Globals"]["Function"]["LoggingConfig"]["LogGroup"].clone() } else { own.clone() }
    };
    for (metric, groups) in of_logs(&template) {
        let logged = format!("metric = \"{metric}\"");
        let paths: Vec<&String> = sources.iter().filter(|(text, _)| text.contains(&logged)).map(|(_, path)| path).collect();
        assert!(!paths.is_empty(), "nothing logs {metric}");
        for (id, function) in functions(&template) {
            let may_log = |path: &&String| path.starts_with(&format!("functions/{}/", binary(&function)));
            let group = group(&function)["!Ref"].as_str().expect("a log group").to_owned();
            // What shared crates log may come from any function.
            let is_shared = paths.iter().any(|path| path.starts_with("shared/"));
            assert!(!(paths.iter().any(may_log) || is_shared) || groups.contains(&group), "{metric} of {id} is not looked for in {group}");
        }
    }
}

#[test]
fn every_queue_function_and_index_has_its_alarms() {
    let template = template();
    let alarms: Vec<Value> = resources(&template, "AWS::CloudWatch::Alarm").into_values().collect();
    let has = |name: &str, value: &Value, metric: &str| {
        alarms.iter().any(|alarm| {
            let alarm = &alarm["Properties"];
            let dimensions = alarm["Dimensions"].as_array().into_iter().flatten();
            alarm["MetricName"] == metric
                && dimensions.into_iter().any(|dimension| dimension["Name"] == name && dimension["Value"] == *value)
        })
    };
    for id in resources(&template, "AWS::SQS::Queue").keys() {
        let name = json!({"!GetAtt": format!("{id}.QueueName")});
        let metric = if id.ends_with("DeadLetters") { "ApproximateNumberOfMessagesVisible" } else { "ApproximateAgeOfOldestMessage" };
        assert!(has("QueueName", &name, metric), "{id}");
    }
    for id in functions(&template).keys() {
        for metric in ["Errors", "Throttles", "Duration"] {
            assert!(has("FunctionName", &json!({"!Ref": id}), metric), "{id}: {metric}");
        }
    }
    for index in [store::table::DUE, store::table::LIST] {
        for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] {
            assert!(has("GlobalSecondaryIndexName", &json!(index), metric), "{index}: {metric}");
        }
    }
    let heartbeat = &template["Resources"]["SweeperHeartbeatAlarm"]["Properties"];
    assert_eq!(heartbeat["TreatMissingData"], "breaching", "a sweeper that says nothing does not run");
}

#[test]
fn the_dashboard_shows_what_is_written() {
    let template = template();
    let body = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0];
    let body: Value = serde_json::from_str(body.as_str().expect("text")).expect("the dashboard is JSON");
    let widgets = body["widgets"].as_array().expect("widgets");
    assert!(widgets.len() > 10, "{} widgets", widgets.len());
    let mut shown = BTreeSet::new();
    for widget in widgets {
        let (mut namespace, mut name) = (String::new(), String::new());
        for metric in widget["properties"]["metrics"].as_array().expect("metrics") {
            // "." repeats a place of the metric before, "..." all that are not given.
            let texts: Vec<&str> = metric.as_array().expect("a metric").iter().filter_map(Value::as_str).collect();
            if texts[0] != "..." {
                if texts[0] != "." {
                    texts[0].clone_into(&mut namespace);
                }
                if texts[1] != "." {
                    texts[1].clone_into(&mut name);
                }
            }
            let of_aws = OF_AWS.iter().any(|(known, names)| *known == namespace && names.contains(&name.as_str()));
            assert!(
                of_aws || (namespace == "${AWS::StackName}" && is_written(&name)),
                "{}: {namespace} {name}",
                widget["properties"]["title"]
            );
            shown.insert(name.clone());
        }
    }
    let traffic = ["Count", "latency_ms", "click_send_ms", "settle_lag_ms", "ApproximateAgeOfOldestMessage", "delivered", "errors"];
    assert!(traffic.iter().all(|name| shown.contains(*name)), "{shown:?}");
}

#[test]
fn operators_delete_nothing_and_read_no_secret() {
    let role = template()["Resources"]["OperatorRole"]["Properties"].clone();
    let text = role.to_string();
    for forbidden in ["dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:Scan", "secretsmanager:", "sqs:PurgeQueue", "lambda:"] {
        assert!(!text.contains(forbidden), "the operator role has {forbidden}");
    }
    assert!(text.contains("aws:MultiFactorAuthPresent"), "without MFA");
}
