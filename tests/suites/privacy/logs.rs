//! Log lines are kept for long and are not erased, so no line of any function names a person.

use serde_json::json;
use tests::{Fault, Log, Receiver, Rule, TestEnv, keep_metric_lines, metric_lines};

use super::erasure::{DEMO, ERASE, EXPORT, SESSION, found_in, populated, strings, visit};
use tests::fixtures::webhooks::subscribe;

/// Every route that takes a session, with one that is read, one that is refused and one that does not exist.
async fn name_the_session(env: &TestEnv) {
    let signal =
        json!({"handle": "demo", "sessionId": SESSION, "signals": [{"signalKey": "intent", "signalValue": "y", "confidence": 0.5}]});
    env.anonymous().post("/v2/public/chain/signals", signal).await.expect(202);
    let refused = json!({"handle": "demo", "sessionId": SESSION, "signals": "person@mail.example"});
    env.anonymous().post("/v2/public/chain/signals", refused).await.expect(400);
    let moment = json!({"handle": "demo", "sessionId": SESSION, "trigger": "checkout"});
    for route in ["resolve", "prefetch"] {
        env.anonymous().post(&format!("/v2/public/chain/{route}"), moment.clone()).await;
    }
    for (path, status) in [
        (format!("{DEMO}/chain/{SESSION}"), 200),
        (format!("{DEMO}/chain/{SESSION}/more"), 404),
        (format!("{EXPORT}?sessionId={SESSION}"), 200),
        (format!("{EXPORT}?sessionId={SESSION}&clickId={SESSION}"), 400),
    ] {
        let answer = env.owner().get(&path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}

/// Visits and signals of the person while services fail, and while what is stored of the person cannot be read.
async fn name_the_session_in_trouble(env: &TestEnv) {
    for (rules, what) in [
        (vec![Rule::on("Query").by("redirect")], "the session"),
        (vec![Rule::on("SendMessage").by("redirect")], "the click's message"),
        (vec![Rule::any().by("redirect").after(1)], "everything but the link"),
        (vec![Rule::any().by("chain")], "the signals"),
        (vec![Rule::on("SendMessage").by("chain")], "the announcement of an impression"),
        (vec![Rule::on("TransactWriteItems").by("click-worker")], "counting clicks"),
        (vec![Rule::on("TransactWriteItems").by("event-worker")], "counting impressions"),
        (vec![Rule::on("SendMessage"), Rule::on("SendMessageBatch")], "every announcement"),
        (vec![Rule::on("Query").by("accounts")], "the search for the person"),
    ] {
        env.advance_ms(90_000);
        let fired: Vec<_> = rules.into_iter().map(|rule| env.faults.inject(rule.always(), Fault::Unreachable)).collect();
        visit(env, "launch").await;
        let signal =
            json!({"handle": "demo", "sessionId": SESSION, "signals": [{"signalKey": "intent", "signalValue": what, "confidence": 0.5}]});
        env.anonymous().post("/v2/public/chain/signals", signal).await;
        env.owner().get(&format!("{EXPORT}?sessionId={SESSION}")).await;
        for queue in ["ClicksQueue", "EventsQueue"] {
            env.drain(queue).await;
        }
        env.advance_ms(90_000);
        env.sweep().await;
        assert!(fired.iter().all(|fired| fired.times() > 0), "{what}");
        env.faults.clear();
        env.advance_ms(200_000);
        env.sweep().await;
        env.process_events().await;
    }
    let signals = env.table_items().await.into_iter().filter(|item| item["pk"]["S"] == format!("SESS#demo#{SESSION}").as_str());
    let signals: Vec<String> =
        signals.filter_map(|item| Some(item["sk"]["S"].as_str()?.to_owned())).filter(|sk| sk.starts_with("SIG#")).collect();
    env.set_document(&format!("SESS#demo#{SESSION}"), &signals[0], &format!(r#""{SESSION}, expected {SESSION}""#)).await;
    name_the_session(env).await;
    visit(env, "launch").await;
}

// On one thread, as the log must be recorded.
#[tokio::test]
async fn no_log_line_of_any_function_names_a_person_before_or_after_an_erase() {
    keep_metric_lines();
    let log = Log::record();
    let env = TestEnv::new().await;
    let receiver = Receiver::start().await;
    subscribe(&env, &receiver, &["*"]).await;
    populated(&env).await;
    let strings = strings(&env).await;
    name_the_session(&env).await;
    env.deliver().await;
    name_the_session_in_trouble(&env).await;
    env.owner().post(ERASE, json!({"sessionId": SESSION})).await.expect(202);
    for day in 0..16 {
        let lost = (day == 0).then(|| env.faults.inject(Rule::on("TransactWriteItems").by("sweeper").always(), Fault::Unreachable));
        env.sweep().await;
        lost.inspect(tests::Fired::at_least_once);
        env.faults.clear();
        env.process_events().await;
        env.advance_days(1);
    }
    assert!(env.audited().await.iter().any(|(action, _)| action == "privacy.erased"));

    let (logged, lines) = (log.text(), json!(metric_lines(|_| true)).to_string());
    for expected in [
        "click is only in this log line",
        "session could not be read",
        "a stored item cannot be decoded",
        "outbox entry could not be announced",
        "overdue item could not be announced",
        "job could not go on",
    ] {
        assert!(logged.contains(expected), "nothing was logged of {expected:?}");
    }
    let of_session = |line: &&str| line.contains("overdue item could not be announced") && line.contains("SESS#demo");
    assert!(logged.lines().any(|line| of_session(&line)), "an impression was overdue, and is named without its session");
    assert!(metric_lines(|line| line["http.path"] == "/v2/handles/demo/chain/-").len() > 1);
    for (place, text) in [("the log", &logged), ("the lines of metrics", &lines)] {
        let naming: Vec<&str> = text.lines().filter(|line| !found_in(line, &strings).is_empty()).collect();
        assert_eq!(naming, Vec::<&str>::new(), "{place} names a person");
        assert!(!text.contains("203.0.113.77"), "{place} has the address");
    }
}
