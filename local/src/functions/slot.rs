//! A function of the server: its part of the template, and the code that is mounted for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::BoxFuture;
use lambda_http::lambda_runtime::{self, Context};

use crate::template::FunctionSpec;

/// A function that answers HTTP requests: an event's JSON in, an answer's JSON out, as Lambda calls it.
pub type HttpFunction = Arc<dyn Fn(String, Context) -> BoxFuture<'static, serde_json::Result<String>> + Send + Sync>;

/// A function that consumes a queue.
pub type QueueFunction = Arc<dyn Fn(SqsEvent) -> BoxFuture<'static, SqsBatchResponse> + Send + Sync>;

/// A function that a schedule calls.
pub type ScheduleFunction = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A function's code, by what calls it.
#[derive(Clone)]
pub enum Function {
    /// The gateway, for each request.
    Http(HttpFunction),
    /// A poller, for each batch of messages.
    Queue(QueueFunction),
    /// A timer.
    Schedule(ScheduleFunction),
}

/// A function's place in the server.
pub(crate) struct FunctionSlot {
    /// Its part of the template.
    pub(crate) spec: FunctionSpec,
    /// Its environment, resolved.
    pub(crate) environment: BTreeMap<String, String>,
    /// Its name and version, as the Lambda runtime passes them.
    pub(crate) config: Arc<lambda_runtime::Config>,
    function: OnceLock<Function>,
}

impl FunctionSlot {
    /// An empty slot.
    pub(crate) fn new(spec: FunctionSpec, environment: BTreeMap<String, String>) -> Self {
        let config =
            lambda_runtime::Config { function_name: spec.id.clone(), version: "$LATEST".to_owned(), ..lambda_runtime::Config::default() };
        Self { spec, environment, config: Arc::new(config), function: OnceLock::new() }
    }

    /// Mounts the code; returns false when a function is mounted already.
    pub(crate) fn mount(&self, function: Function) -> bool {
        self.function.set(function).is_ok()
    }

    /// The code, if it is an HTTP function.
    pub(crate) fn http(&self) -> Option<&HttpFunction> {
        match self.function.get() {
            Some(Function::Http(function)) => Some(function),
            Some(Function::Queue(_) | Function::Schedule(_)) | None => None,
        }
    }

    /// The code, if it is a queue function.
    pub(crate) fn queue(&self) -> Option<&QueueFunction> {
        match self.function.get() {
            Some(Function::Queue(function)) => Some(function),
            Some(Function::Http(_) | Function::Schedule(_)) | None => None,
        }
    }

    /// The code, if it is a scheduled function.
    pub(crate) fn schedule(&self) -> Option<&ScheduleFunction> {
        match self.function.get() {
            Some(Function::Schedule(function)) => Some(function),
            Some(Function::Http(_) | Function::Queue(_)) | None => None,
        }
    }
}
