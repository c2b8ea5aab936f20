//! Answer first: what a crash between the answer and the queue's acknowledgement costs, and that nothing else costs anything.

use std::sync::{Arc, Mutex};

use api::AfterAnswer;
use lambda_http::lambda_runtime::Context;
use serde_json::{Value, json};
use tests::{BROWSER, Fault, Rule, TestEnv, TestEnvOptions};
use tower::{Service, ServiceExt, service_fn};

const POLICIES: [&str; 3] = ["NEVER", "WITHOUT_CAMPAIGN", "ALWAYS"];
/// One of a campaign, and one of none.
const SLUGS: [&str; 2] = ["paid", "free"];

/// Whether a visitor of this link is answered before the click is sent.
fn is_answered_first(policy: &str, slug: &str) -> bool {
    policy == "ALWAYS" || (policy == "WITHOUT_CAMPAIGN" && slug == "free")
}

async fn env_with(policy: &str) -> TestEnv {
    let environment = [("ANSWER_FIRST".to_owned(), policy.to_owned())].into();
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    env.campaign("spring").await;
    for (slug, campaign) in SLUGS.into_iter().zip([Some("spring"), None]) {
        let body = json!({"destinationUrl": "https://example.com/product", "campaignId": campaign});
        env.owner().put(&format!("/v2/handles/demo/links/{slug}"), body).await.expect(201);
    }
    env.faults.take_calls();
    env
}

/// The operations that the redirect has called since this was last asked.
fn calls(env: &TestEnv) -> Vec<String> {
    let calls = env.faults.take_calls().into_iter();
    calls.filter(|(function, _)| function == "redirect").map(|(_, operation)| operation).collect()
}

/// An answer, and which operations the redirect had called when it was posted.
struct Posted {
    answer: Value,
    called: Vec<String>,
}

/// An execution environment of the redirect: what `api::start::events` builds, with a list in place of the Runtime API.
#[derive(Clone, Default)]
struct Execution(Arc<Mutex<Vec<Posted>>>);

impl Execution {
    /// Runs one invocation up to the point where the next event would be asked for.
    async fn follow(&self, env: &TestEnv, slug: &str) {
        env.faults.take_calls();
        let after = AfterAnswer::default();
        let service = redirect::service(env.api("redirect")).map_request(after.extension());
        let posting = service_fn(|event: Value| {
            let (service, posted) = (service.clone(), self.0.clone());
            async move {
                let answer = api::event::answer(service, &event.to_string(), Context::default()).await?;
                posted.lock().expect("answers").push(Posted { answer: serde_json::to_value(&answer)?, called: calls(env) });
                Ok::<_, serde_json::Error>(())
            }
        });
        let http = json!({"method": "GET", "path": "/", "sourceIp": "192.0.2.1"});
        let event = json!({
            "rawPath": format!("/_edge/redirect/demo/{slug}"), "rawQueryString": "", "isBase64Encoded": false,
            "headers": {"host": "localhost", "user-agent": BROWSER, "accept-language": "en"}, "requestContext": {"http": http},
        });
        after.follow(posting).call(event).await.expect("an answer");
    }

    fn take(&self) -> Option<Posted> {
        let posted = self.0.lock().expect("answers").pop()?;
        assert_eq!(posted.answer["statusCode"], 302, "{}", posted.answer);
        Some(posted)
    }
}

/// Clicks of this day, once the sweeper and the workers have done what they can.
async fn counted(env: &TestEnv) -> Value {
    env.advance_ms(120_000);
    for _ in 0..2 {
        env.sweep().await;
        env.process_events().await;
    }
    env.report(&format!("from={0}&to={0}", env.now().day())).await["totals"]["clicks"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_is_posted_before_the_click_is_sent_where_the_deployment_has_it_so() {
    for policy in POLICIES {
        let (env, execution) = (env_with(policy).await, Execution::default());
        for slug in SLUGS {
            execution.follow(&env, slug).await;
            let posted = execution.take().expect("an answer");
            let is_sent = posted.called.contains(&"SendMessage".to_owned());
            assert_eq!(is_sent, !is_answered_first(policy, slug), "{policy} {slug}: {:?}", posted.called);
            // The message names the request, whenever it is sent.
            let mut messages = Vec::new();
            env.drain_with("ClicksQueue", |batch| {
                messages.extend(batch.iter().filter_map(|message| serde_json::from_str::<Value>(message.body.as_deref()?).ok()));
                batch
            })
            .await;
            let requests: Vec<&Value> = messages.iter().map(|message| &message["requestId"]).collect();
            assert_eq!(requests, [&posted.answer["headers"]["x-request-id"]], "{policy} {slug}");
        }
        assert_eq!(counted(&env).await, 2, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_a_click_only_between_the_answer_and_the_acknowledgement() {
    for policy in POLICIES {
        let (env, mut lost) = (env_with(policy).await, Vec::new());
        for (slug, fault) in SLUGS.into_iter().flat_map(|slug| [(slug, Fault::CrashBefore), (slug, Fault::CrashAfter)]) {
            for number in 0.. {
                env.advance_days(1);
                let execution = Execution::default();
                let ended = env.crash_at("redirect", number, fault, execution.follow(&env, slug)).await;
                let (posted, clicks) = (execution.take(), counted(&env).await);
                assert!(clicks == 0 || clicks == 1, "{clicks} clicks of one visitor");
                if posted.is_some() && clicks == 0 {
                    lost.push((slug, fault, number));
                }
                if ended.is_some() {
                    // Reading the link and sending the click: no other call could have been the last.
                    assert_eq!((number, clicks), (2, json!(1)), "{policy} {slug}");
                    break;
                }
            }
        }
        // With the second call: not before it, and not once the queue has the click.
        let expected: Vec<_> =
            SLUGS.into_iter().filter(|slug| is_answered_first(policy, slug)).map(|slug| (slug, Fault::CrashBefore, 1)).collect();
        assert_eq!(lost, expected, "{policy}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_the_queue_refuses_after_the_answer_is_parked_and_counted_once() {
    for fault in [Fault::Unreachable, Fault::Throttled, Fault::AnswerLost, Fault::Doubled] {
        let (env, execution) = (env_with("ALWAYS").await, Execution::default());
        for slug in SLUGS {
            env.advance_days(1);
            let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").always(), fault);
            execution.follow(&env, slug).await;
            fired.at_least_once();
            env.faults.clear();
            let posted = execution.take().expect("an answer");
            assert!(!posted.called.contains(&"PutItem".to_owned()), "{fault:?}: the visitor does not wait for parking either");
            let is_parked = calls(&env).contains(&"PutItem".to_owned());
            assert_eq!(is_parked, fault != Fault::Doubled, "{fault:?}");
            assert_eq!(counted(&env).await, 1, "{fault:?} {slug}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_server_sends_clicks_before_it_answers_whatever_the_deployment_has() {
    let env = env_with("ALWAYS").await;
    env.visitor().follow("free").await.expect(302);
    let calls = calls(&env);
    assert!(calls.contains(&"SendMessage".to_owned()), "{calls:?}");
}
