//! Faults on the wire between the SDK and the engines: what a network, a busy service or a crash does to a call.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::policy::Policy;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is carried out; its answer never arrives.
    AnswerLost,
    /// It never arrives.
    Unreachable,
    /// The service refuses for load.
    Throttled,
    /// Another transaction holds one of its items.
    Conflict,
    /// It arrives twice.
    Doubled,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies after the call, before its answer.
    CrashAfter,
}

/// Which calls a fault hits.
#[derive(Clone, Debug)]
pub struct Rule {
    operation: Option<&'static str>,
    function: Option<&'static str>,
    skip: usize,
    times: usize,
}

impl Rule {
    /// The first call of any operation.
    pub fn any() -> Self {
        Self { operation: None, function: None, skip: 0, times: 1 }
    }

    /// The first call of this operation, such as `PutItem`.
    pub fn on(operation: &'static str) -> Self {
        Self { operation: Some(operation), ..Self::any() }
    }

    /// Only of this function.
    #[must_use]
    pub fn by(self, function: &'static str) -> Self {
        Self { function: Some(function), ..self }
    }

    /// Not the first `calls` calls.
    #[must_use]
    pub fn after(self, calls: usize) -> Self {
        Self { skip: calls, ..self }
    }

    /// This many calls in a row.
    #[must_use]
    pub fn times(self, calls: usize) -> Self {
        Self { times: calls, ..self }
    }

    /// Every call from then on.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

/// How often a fault has fired; a test asserts that it did.
#[derive(Clone, Debug, Default)]
pub struct Fired(Arc<Firing>);

#[derive(Debug, Default)]
struct Firing {
    times: AtomicUsize,
    died: Notify,
}

impl Fired {
    /// How often.
    pub fn times(&self) -> usize {
        self.0.times.load(Ordering::SeqCst)
    }

    /// Resolves when the process has died of it.
    pub(crate) async fn died(&self) {
        self.0.died.notified().await;
    }

    /// Fails the test if it never did.
    #[track_caller]
    pub fn at_least_once(&self) {
        assert!(self.times() > 0, "the fault never fired");
    }
}

struct Active {
    rule: Rule,
    seen: usize,
    fault: Fault,
    fired: Fired,
}

/// The faults of an environment, and the requests to AWS.
#[derive(Default)]
pub struct Faults {
    active: Mutex<Vec<Active>>,
    calls: Mutex<Vec<(String, String)>>,
    /// The bodies of requests, once they are recorded.
    requests: Mutex<Option<Vec<String>>>,
    violations: Mutex<Vec<String>>,
    /// The statements that allowed calls, by function and Sid.
    used: Mutex<BTreeSet<(String, String)>>,
    /// Functions whose process has died: they make no call any more.
    dead: Mutex<BTreeSet<String>>,
}

impl Faults {
    /// Sets a fault.
    pub fn inject(&self, rule: Rule, fault: Fault) -> Fired {
        let fired = Fired::default();
        self.active.lock().expect("faults").push(Active { rule, seen: 0, fault, fired: fired.clone() });
        fired
    }

    /// Ends all faults; a process that died of one starts again.
    pub fn clear(&self) {
        self.active.lock().expect("faults").clear();
        self.dead.lock().expect("dead").clear();
    }

    /// The calls since the last time this was asked, as function and operation.
    pub fn take_calls(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.calls.lock().expect("calls"))
    }

    /// Records the bodies of all requests to AWS from now on.
    pub fn record_requests(&self) {
        self.requests.lock().expect("requests").get_or_insert_default();
    }

    /// The bodies of all requests since they are recorded.
    pub fn requests(&self) -> String {
        self.requests.lock().expect("requests").iter().flatten().cloned().collect()
    }

    /// Calls that the IAM statements of their function do not allow.
    pub fn violations(&self) -> Vec<String> {
        self.violations.lock().expect("violations").clone()
    }

    /// The template's statements, by function and Sid, that allowed no call so far.
    pub fn unused_statements(&self) -> Vec<(String, String)> {
        Policy::of_template(local::TEMPLATE).statements().difference(&self.used.lock().expect("used")).cloned().collect()
    }

    fn hit(&self, function: &str, operation: &str) -> Option<(Fault, Fired)> {
        self.calls.lock().expect("calls").push((function.to_owned(), operation.to_owned()));
        let mut active = self.active.lock().expect("faults");
        for entry in active.iter_mut() {
            let rule = &entry.rule;
            let hits = rule.operation.is_none_or(|wanted| wanted == operation) && rule.function.is_none_or(|wanted| wanted == function);
            if !hits {
                continue;
            }
            entry.seen += 1;
            if entry.seen > rule.skip && entry.seen - rule.skip <= rule.times {
                entry.fired.0.times.fetch_add(1, Ordering::SeqCst);
                if matches!(entry.fault, Fault::CrashBefore | Fault::CrashAfter) {
                    self.dead.lock().expect("dead").insert(function.to_owned());
                }
                return Some((entry.fault, entry.fired.clone()));
            }
        }
        None
    }
}

/// The wire of one function.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) function: String,
    pub(crate) inner: SharedHttpClient,
    pub(crate) faults: Arc<Faults>,
    pub(crate) policy: Arc<Policy>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wire({})", self.function)
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Line { wire: self.clone(), inner })
    }
}

#[derive(Clone, Debug)]
struct Line {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let line = self.clone();
        HttpConnectorFuture::new(async move { line.send(request).await })
    }
}

impl Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
        let body: Value = request.body().bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Value::Null);
        if let Some(requests) = self.wire.faults.requests.lock().expect("requests").as_mut() {
            requests.push(body.to_string());
        }
        match self.wire.policy.check(&self.wire.function, &operation, &body) {
            Ok(used) => self.wire.faults.used.lock().expect("used").extend(used),
            Err(violation) => {
                self.wire.faults.violations.lock().expect("violations").push(violation);
                return refusal(
                    "com.amazonaws.dynamodb.v20120810#AccessDeniedException",
                    json!({"message": "not allowed by the template"}),
                );
            }
        }
        if self.wire.faults.dead.lock().expect("dead").contains(&self.wire.function) {
            return std::future::pending().await;
        }
        let Some((fault, fired)) = self.wire.faults.hit(&self.wire.function, &operation) else {
            return self.inner.call(request).await;
        };
        match fault {
            Fault::AnswerLost => {
                self.inner.call(request).await?;
                Err(ConnectorError::io("the answer was lost".into()))
            }
            Fault::Unreachable => Err(ConnectorError::io("the service cannot be reached".into())),
            Fault::Throttled => {
                refusal("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", json!({"message": "slow down"}))
            }
            Fault::Conflict => conflict(&body),
            Fault::Doubled => {
                if let Some(copy) = request.try_clone() {
                    self.inner.call(copy).await?;
                }
                self.inner.call(request).await
            }
            Fault::CrashBefore => {
                fired.0.died.notify_one();
                std::future::pending().await
            }
            // In a task of its own: on a busy machine the SDK may give up on the call first.
            Fault::CrashAfter => {
                let call = self.inner.call(request);
                tokio::spawn(async move {
                    let _ = call.await;
                    fired.0.died.notify_one();
                });
                std::future::pending().await
            }
        }
    }
}

fn refusal(kind: &str, mut body: Value) -> Result<HttpResponse, ConnectorError> {
    body["__type"] = json!(kind);
    let status = 400.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

/// DynamoDB's answer when another transaction holds an item: of a transaction's parts, the last.
fn conflict(request: &Value) -> Result<HttpResponse, ConnectorError> {
    match request["TransactItems"].as_array() {
        Some(parts) => {
            let mut reasons = vec![json!({"Code": "None"}); parts.len()];
            if let Some(last) = reasons.last_mut() {
                *last = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
            }
            let body = json!({"message": "Transaction cancelled, please refer cancellation reasons for specific reasons", "CancellationReasons": reasons});
            refusal("com.amazonaws.dynamodb.v20120810#TransactionCanceledException", body)
        }
        None => refusal(
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            json!({"message": "Transaction is ongoing for the item"}),
        ),
    }
}
