//! The sample template, resolved for a sample site.

use super::*;

const SAMPLE: &str = include_str!("../../tests/sample.yaml");

fn site(parameters: &[(&str, &str)]) -> Site {
    Site {
        region: "eu-central-1".to_owned(),
        account: "000000000000".to_owned(),
        queue_endpoint: "http://127.0.0.1:1".to_owned(),
        parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

#[test]
fn a_table_keeps_its_keys_indexes_and_ttl() {
    let template = Template::parse(SAMPLE, &site(&[])).unwrap();
    let table = &template.tables[0];
    assert_eq!((table.id.as_str(), table.name.as_str()), ("MainTable", "test-main"));
    assert_eq!(table.ttl_attribute.as_deref(), Some("ttl"));
    assert_eq!(table.creation["GlobalSecondaryIndexes"][0]["IndexName"], "by-group");
}

#[test]
fn a_queue_has_its_dead_letter_queue() {
    let template = Template::parse(SAMPLE, &site(&[])).unwrap();
    let queue = template.queues.iter().find(|queue| queue.name == "clicks").unwrap();
    let redrive = queue.redrive.as_ref().unwrap();
    assert_eq!(queue.visibility_secs, 60);
    assert_eq!(redrive.max_receive_count, 3);
    assert_eq!(redrive.target_arn, "arn:aws:sqs:eu-central-1:000000000000:local-ClicksDeadLetters");
}

#[test]
fn the_environment_is_globals_under_the_functions_own() {
    let template = Template::parse(SAMPLE, &site(&[])).unwrap();
    let redirect = template.function("redirect").unwrap();
    assert_eq!(redirect.environment["TABLE"], "test-main");
    assert_eq!(redirect.environment["CLICKS_QUEUE_URL"], "http://127.0.0.1:1/000000000000/clicks");
    assert_eq!(redirect.environment["STAGE"], "own");
    assert!(!redirect.environment.contains_key("SECRET"), "AWS::NoValue leaves a variable out");
    assert_eq!(redirect.timeout.as_secs(), 5);
}

#[test]
fn parameters_override_their_defaults() {
    let template = Template::parse(SAMPLE, &site(&[("Stage", "x"), ("Secret", "s")])).unwrap();
    assert_eq!(template.tables[0].name, "x-main");
    assert_eq!(template.function("sweeper").unwrap().environment["SECRET"], "s");
}

#[test]
fn events_become_routes_sources_and_schedules() {
    let template = Template::parse(SAMPLE, &site(&[])).unwrap();
    let redirect = template.function("redirect").unwrap();
    assert!(redirect.routes.contains(&RouteSpec::Default));
    assert!(redirect.routes.contains(&RouteSpec::Path { method: "GET".into(), path: "/{slug}".into() }));
    let source = &template.function("click-worker").unwrap().sources[0];
    assert_eq!((source.batch_size, source.window.as_secs(), source.reports_failures), (25, 1, true));
    assert_eq!(template.function("sweeper").unwrap().schedules, [seconds(60)]);
}

#[test]
fn an_unknown_reference_is_an_error() {
    let text = "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Nothing}}";
    assert!(matches!(Template::parse(text, &site(&[])), Err(TemplateError::Unknown(_))));
}

#[test]
fn a_mapping_of_its_own_is_added_to_its_function() {
    let template = Template::parse(SAMPLE, &site(&[])).unwrap();
    let source = &template.function("event-worker").unwrap().sources[0];
    assert_eq!(source.queue_arn, "arn:aws:sqs:eu-central-1:000000000000:local-EventsQueue");
    assert_eq!((source.batch_size, source.concurrency, source.reports_failures), (10, Some(2), false));
}

#[test]
fn the_real_template_can_be_read() {
    let template = Template::parse(crate::TEMPLATE, &site(&[("PublicDomain", "x.test")])).unwrap();
    for binary in ["redirect", "links", "campaigns", "attribution", "analytics", "accounts"] {
        assert!(!template.function(binary).unwrap().routes.is_empty(), "{binary} has routes");
    }
    for binary in ["click-worker", "event-worker"] {
        assert!(!template.function(binary).unwrap().sources.is_empty(), "{binary} has a queue");
    }
    assert!(!template.function("sweeper").unwrap().schedules.is_empty());
}
