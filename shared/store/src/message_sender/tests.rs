//! The sender beside the SDK's own client, over a connector that keeps requests and answers by a script.

use std::collections::VecDeque;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::connection::ConnectionMetadata;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::date_time::{DateTime, Format};
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::client::Credentials;

const NOW: Moment = Moment::from_millis(1_772_366_400_000);
const QUEUE: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/clicks";
const HOUR_MS: i64 = 3_600_000;

#[derive(Clone, Copy, Debug)]
enum Answer {
    /// A status, the name of an error, and the service's clock.
    Status(u16, &'static str, Moment),
    /// The connection breaks.
    Broken,
    /// Nothing is answered.
    Silent,
}

const SENT: Answer = Answer::Status(200, "", NOW);

#[derive(Clone, Debug, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
    /// Connections that must not be used again.
    poisoned: Arc<AtomicUsize>,
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let poisoned = Arc::clone(&self.poisoned);
        if let Some(connection) = request.extension::<CaptureSmithyConnection>() {
            let poison = move || {
                poisoned.fetch_add(1, Ordering::Relaxed);
            };
            connection
                .set_connection_retriever(move || Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison.clone()).build()));
        }
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().expect("an answer");
        HttpConnectorFuture::new(async move {
            match answer {
                Answer::Status(status, code, at) => Ok(answered(status, code, at)),
                Answer::Broken => Err(ConnectorError::io("the connection broke".into())),
                Answer::Silent => std::future::pending().await,
            }
        })
    }
}

fn answered(status: u16, code: &str, at: Moment) -> HttpResponse {
    let body = match code {
        "" => r#"{"MessageId":"1","MD5OfMessageBody":"-"}"#.to_owned(),
        code => format!(r#"{{"__type":"com.amazonaws.sqs#{code}","message":"refused"}}"#),
    };
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
    response.headers_mut().insert("date", DateTime::from_millis(at.millis()).fmt(Format::HttpDate).unwrap());
    response
}

impl Script {
    fn of(answers: &[Answer]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.iter().copied().collect())), ..Self::default() }
    }

    fn connection(&self, region: &str, credentials: Credentials) -> AwsConnection {
        AwsConnection {
            region: region.to_owned(),
            credentials,
            dynamodb_endpoint: None,
            sqs_endpoint: None,
            http: SharedHttpClient::new(self.clone()),
        }
    }

    fn sender(&self) -> MessageSender {
        MessageSender::new(self.connection("eu-central-1", Credentials::from_keys("AKIDEXAMPLE", "secret", None)))
    }

    fn requests(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    fn dates(&self) -> Vec<String> {
        self.requests().iter().map(|request| header(request, "x-amz-date").to_owned()).collect()
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.headers().get(name).unwrap_or_default()
}

/// The moment of an `x-amz-date`.
fn moment_of(date: &str) -> Moment {
    let parts = [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(|range| &date[range]);
    let [year, month, day, hour, minute, second] = parts;
    format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The same address, body and headers as the SDK sends; and its signature, byte for byte, over the headers that it signs.
    #[test]
    fn requests_and_signatures_are_those_of_the_sdk(
        body in ".{1,300}",
        group in "[!-~]{1,128}",
        region in "(eu|us|ap)-(central|west|south)-[1-9]",
        access_key in "[A-Z0-9]{16,20}",
        secret in "[A-Za-z0-9/+]{40}",
        token in proptest::option::of("[A-Za-z0-9/+=]{1,400}"),
    ) {
        let script = Script::of(&[SENT, SENT]);
        let credentials = Credentials::from_keys(access_key, secret, token);
        let connection = script.connection(&region, credentials.clone());
        let queue = format!("https://sqs.{region}.amazonaws.com/123456789012/clicks");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sdk = connection.sqs().send_message().queue_url(&queue).message_body(&body).message_group_id(&group).send();
        runtime.block_on(sdk).unwrap();
        let sdk = script.requests().remove(0);
        let date = header(&sdk, "x-amz-date").to_owned();
        runtime.block_on(MessageSender::new(connection).send(&queue, &body, &group, moment_of(&date))).unwrap();
        let own = script.requests().remove(0);

        prop_assert_eq!((own.method(), own.uri()), (sdk.method(), sdk.uri()));
        prop_assert_eq!(own.body().bytes(), sdk.body().bytes());
        for name in ["content-type", "x-amz-date", "x-amz-security-token", "x-amz-target"] {
            prop_assert_eq!(header(&own, name), header(&sdk, name), "{}", name);
        }
        let signer = Signer::new(credentials, region, "sqs");
        for request in [&sdk, &own] {
            let authorization = header(request, "authorization");
            let names = authorization.split_once("SignedHeaders=").and_then(|(_, rest)| rest.split_once(',')).unwrap().0;
            let host = request.uri().split('/').nth(2).unwrap();
            let headers: Vec<(&str, &str)> =
                names.split(';').map(|name| (name, if name == "host" { host } else { header(request, name) })).collect();
            prop_assert_eq!(signer.authorization(&date, &headers, request.body().bytes().unwrap()), authorization);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_pass_is_tried_once_more_within_the_patience_of_a_visitor() {
    let status = |status, code| Answer::Status(status, code, NOW);
    for (answers, is_sent, attempts, poisoned) in [
        (vec![SENT], true, 1, 0),
        (vec![Answer::Broken, SENT], true, 2, 0),
        (vec![Answer::Silent, SENT], true, 2, 0),
        (vec![status(500, "InternalFailure"), SENT], true, 2, 1),
        (vec![status(503, ""), SENT], true, 2, 1),
        (vec![status(429, ""), SENT], true, 2, 0),
        (vec![status(400, "RequestThrottled"), SENT], true, 2, 0),
        (vec![status(400, "ProvisionedThroughputExceededException"), SENT], true, 2, 0),
        (vec![Answer::Broken, Answer::Broken], false, 2, 0),
        (vec![Answer::Silent, Answer::Silent], false, 2, 0),
        (vec![status(503, ""), status(503, "")], false, 2, 2),
        (vec![status(400, "QueueDoesNotExist")], false, 1, 0),
        (vec![status(403, "AccessDenied")], false, 1, 0),
        (vec![status(403, "ExpiredToken")], false, 1, 0),
    ] {
        let script = Script::of(&answers);
        let started = Instant::now();
        let sent = script.sender().send(QUEUE, "{}", "demo", NOW).await;
        assert_eq!((sent.is_ok(), script.requests().len()), (is_sent, attempts), "{answers:?}: {sent:?}");
        assert_eq!(script.poisoned.load(Ordering::Relaxed), poisoned, "{answers:?}");
        assert!(started.elapsed() <= Duration::from_millis(500), "{answers:?} took {:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_differs_is_corrected_for_this_message_and_the_next_ones() {
    let ahead = NOW.plus_millis(HOUR_MS);
    let refused = |at| Answer::Status(403, "InvalidSignatureException", at);
    let script = Script::of(&[refused(ahead), SENT, SENT, refused(NOW), SENT, SENT]);
    let sender = script.sender();
    let send = || sender.send(QUEUE, "{}", "demo", NOW);
    let own = date_of(NOW);
    let of_service = date_of(ahead);
    send().await.unwrap();
    assert_eq!(script.dates(), [own.as_str(), &of_service]);
    send().await.unwrap();
    assert_eq!(script.dates(), [of_service.as_str()]);
    // Our clock has been set.
    send().await.unwrap();
    assert_eq!(script.dates(), [of_service.as_str(), &own]);
    send().await.unwrap();
    assert_eq!(script.dates(), [own.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_within_the_limits_of_clocks_is_not_tried_again() {
    let script = Script::of(&[Answer::Status(403, "InvalidSignatureException", NOW.plus_millis(MAX_SKEW_MS)), SENT]);
    assert!(script.sender().send(QUEUE, "{}", "demo", NOW).await.is_err());
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn an_address_that_is_none_is_an_error() {
    let script = Script::of(&[]);
    for address in ["", "queue", "https://\n/"] {
        assert!(matches!(script.sender().send(address, "{}", "demo", NOW).await, Err(SendError::Address(_))), "{address:?}");
    }
}
