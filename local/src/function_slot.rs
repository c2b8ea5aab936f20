//! One function of the server: what the template says of it, and the code that was mounted for it.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::BoxFuture;
use lambda_http::{Body, Request, Response, lambda_runtime};
use tower::util::BoxCloneSyncService;

use crate::template::FunctionSpec;

/// A function behind HTTP.
pub type HttpFunction = BoxCloneSyncService<Request, Response<Body>, Infallible>;

/// A function behind a queue.
pub type QueueFunction = Arc<dyn Fn(SqsEvent) -> BoxFuture<'static, SqsBatchResponse> + Send + Sync>;

/// A function behind a schedule.
pub type ScheduleFunction = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The code of a function, as Lambda would call it.
#[derive(Clone)]
pub enum Function {
    /// Answers requests.
    Http(HttpFunction),
    /// Works off batches of messages.
    Queue(QueueFunction),
    /// Runs now and then.
    Schedule(ScheduleFunction),
}

/// A function's place in the server.
pub(crate) struct FunctionSlot {
    /// What the template says of it.
    pub(crate) spec: FunctionSpec,
    /// Its environment, resolved.
    pub(crate) environment: BTreeMap<String, String>,
    /// What Lambda tells it about itself.
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

    /// Moves the code in; false when there is some already.
    pub(crate) fn mount(&self, function: Function) -> bool {
        self.function.set(function).is_ok()
    }

    /// The code behind HTTP, when there is any.
    pub(crate) fn http(&self) -> Option<&HttpFunction> {
        match self.function.get() {
            Some(Function::Http(function)) => Some(function),
            Some(Function::Queue(_) | Function::Schedule(_)) | None => None,
        }
    }

    /// The code behind a queue, when there is any.
    pub(crate) fn queue(&self) -> Option<&QueueFunction> {
        match self.function.get() {
            Some(Function::Queue(function)) => Some(function),
            Some(Function::Http(_) | Function::Schedule(_)) | None => None,
        }
    }

    /// The code behind a schedule, when there is any.
    pub(crate) fn schedule(&self) -> Option<&ScheduleFunction> {
        match self.function.get() {
            Some(Function::Schedule(function)) => Some(function),
            Some(Function::Http(_) | Function::Queue(_)) | None => None,
        }
    }
}
