//! Queues as event sources, written in a function's events or as resources of their own.

use std::time::Duration;

use serde_json::Value;

use super::{
    FunctionSpec, TemplateError,
    functions::{is_off, number},
    resolver::Resolver,
    seconds, yaml,
};

pub(super) const KIND: &str = "AWS::Lambda::EventSourceMapping";

/// A queue as an event source.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// The queue's ARN.
    pub queue_arn: String,
    /// Messages per invocation at most.
    pub batch_size: usize,
    /// Time to wait for a batch to fill.
    pub window: Duration,
    /// Concurrent invocations at most, if limited.
    pub concurrency: Option<usize>,
    /// Whether the function reports the messages that failed.
    pub reports_failures: bool,
}

/// Reads an event source; `queue` is the property that contains the queue's ARN.
pub(super) fn read(resolver: &Resolver, id: &str, properties: &Value, queue: &str) -> Result<SourceSpec, TemplateError> {
    let optional = |pointer: &str| properties.pointer(pointer).map(|value| number(resolver, id, value)).transpose();
    let responses = properties.get("FunctionResponseTypes").and_then(Value::as_array);
    let queue_arn = properties.get(queue).map(yaml::text);
    Ok(SourceSpec {
        queue_arn: queue_arn.ok_or_else(|| TemplateError::resource(id, format!("event source without {queue}")))?,
        batch_size: size(optional("/BatchSize")?.unwrap_or(10)),
        window: seconds(optional("/MaximumBatchingWindowInSeconds")?.unwrap_or(0)),
        concurrency: optional("/ScalingConfig/MaximumConcurrency")?.map(size),
        reports_failures: responses.is_some_and(|types| types.contains(&Value::from("ReportBatchItemFailures"))),
    })
}

/// Adds a mapping that is a resource of its own to its function.
pub(super) fn attach(resolver: &Resolver, id: &str, resource: &Value, functions: &mut [FunctionSpec]) -> Result<(), TemplateError> {
    let properties = resolver.resolve(resource.get("Properties").unwrap_or(&Value::Null))?;
    if is_off(&properties) {
        return Ok(());
    }
    let name = properties.get("FunctionName").map(yaml::text).unwrap_or_default();
    let name = name.strip_suffix(".Arn").unwrap_or(&name);
    let function = functions.iter_mut().find(|function| function.id == name);
    let function = function.ok_or_else(|| TemplateError::resource(id, format!("there is no function {name:?}")))?;
    function.sources.push(read(resolver, id, &properties, "EventSourceArn")?);
    Ok(())
}

fn size(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX).max(1)
}
