//! Queues as event sources, written in a function's events or as resources of their own.

use std::time::Duration;

use serde_json::Value;

use super::{
    Error, FunctionSpec,
    functions::{is_off, number},
    scope::Scope,
    seconds, yaml,
};

pub(super) const KIND: &str = "AWS::Lambda::EventSourceMapping";

/// A queue as an event source.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// The queue's ARN.
    pub queue_arn: String,
    /// At most this many messages an invocation.
    pub batch_size: usize,
    /// How long to wait for a batch to fill.
    pub window: Duration,
    /// At most this many invocations at a time, where the template says so.
    pub concurrency: Option<usize>,
    /// Whether the function names the messages that failed.
    pub reports_failures: bool,
}

/// Reads one; `queue` is the property that holds the queue's ARN.
pub(super) fn read(scope: &Scope, id: &str, properties: &Value, queue: &str) -> Result<SourceSpec, Error> {
    let optional = |pointer: &str| properties.pointer(pointer).map(|value| number(scope, id, value)).transpose();
    let responses = properties.get("FunctionResponseTypes").and_then(Value::as_array);
    let queue_arn = properties.get(queue).map(yaml::text);
    Ok(SourceSpec {
        queue_arn: queue_arn.ok_or_else(|| Error::resource(id, format!("event source without {queue}")))?,
        batch_size: size(optional("/BatchSize")?.unwrap_or(10)),
        window: seconds(optional("/MaximumBatchingWindowInSeconds")?.unwrap_or(0)),
        concurrency: optional("/ScalingConfig/MaximumConcurrency")?.map(size),
        reports_failures: responses.is_some_and(|types| types.contains(&Value::from("ReportBatchItemFailures"))),
    })
}

/// Gives a mapping that stands apart from its function to that function.
pub(super) fn attach(scope: &Scope, id: &str, resource: &Value, functions: &mut [FunctionSpec]) -> Result<(), Error> {
    let properties = scope.resolve(resource.get("Properties").unwrap_or(&Value::Null))?;
    if is_off(&properties) {
        return Ok(());
    }
    let name = properties.get("FunctionName").map(yaml::text).unwrap_or_default();
    let name = name.strip_suffix(".Arn").unwrap_or(&name);
    let function = functions.iter_mut().find(|function| function.id == name);
    let function = function.ok_or_else(|| Error::resource(id, format!("there is no function {name:?}")))?;
    function.sources.push(read(scope, id, &properties, "EventSourceArn")?);
    Ok(())
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX).max(1)
}
