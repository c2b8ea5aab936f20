//! Lambda functions: environment, timeout, and the routes, queues and schedules that call them.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    TemplateError,
    resolver::{self, Resolver},
    seconds, sources,
    sources::SourceSpec,
    yaml,
};

pub(super) const KIND: &str = "AWS::Serverless::Function";

/// Lambda's default timeout.
const DEFAULT_TIMEOUT_SECS: u64 = 3;

/// A function and its triggers.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// Its id in the template.
    pub id: String,
    /// The binary it is built from, its name in this crate.
    pub binary: String,
    /// The timeout of an invocation.
    pub timeout: Duration,
    /// Its environment, `Globals` included.
    pub environment: BTreeMap<String, String>,
    /// Its routes in the HTTP API.
    pub routes: Vec<RouteSpec>,
    /// The queues it consumes.
    pub sources: Vec<SourceSpec>,
    /// The periods of its schedules.
    pub schedules: Vec<Duration>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteSpec {
    /// A method (or `ANY`) and a path.
    Path {
        /// The method in capitals.
        method: String,
        /// The path, with its `{parameters}`.
        path: String,
    },
    /// `$default`: requests that match no other route.
    Default,
}

pub(super) fn read(resolver: &Resolver, document: &Value, id: &str, resource: &Value) -> Result<FunctionSpec, TemplateError> {
    let binary = resource
        .pointer("/Metadata/BuildProperties/Binary")
        .and_then(Value::as_str)
        .ok_or_else(|| TemplateError::resource(id, "has no Metadata.BuildProperties.Binary"))?;
    let globals = document.pointer("/Globals/Function");
    let own = resource.get("Properties");
    let mut environment = BTreeMap::new();
    for properties in [globals, own].into_iter().flatten() {
        for (name, value) in resolver::members_at(properties, "/Environment/Variables") {
            let value = resolver.resolve(value)?;
            if value.is_null() {
                environment.remove(name);
            } else {
                environment.insert(name.clone(), yaml::text(&value));
            }
        }
    }
    let timeout = [own, globals].into_iter().flatten().find_map(|properties| properties.get("Timeout"));
    let timeout = timeout.map_or(Ok(DEFAULT_TIMEOUT_SECS), |value| number(resolver, id, value))?;
    let mut function = FunctionSpec {
        id: id.to_owned(),
        binary: binary.to_owned(),
        timeout: seconds(timeout),
        environment,
        routes: Vec::new(),
        sources: Vec::new(),
        schedules: Vec::new(),
    };
    for (name, event) in own.into_iter().flat_map(|own| resolver::members_at(own, "/Events")) {
        let empty = Value::Object(serde_json::Map::new());
        let properties = resolver.resolve(event.get("Properties").unwrap_or(&empty))?;
        match event.get("Type").and_then(Value::as_str).unwrap_or_default() {
            "HttpApi" => function.routes.push(route(&properties)),
            "SQS" if !is_off(&properties) => function.sources.push(sources::read(resolver, id, &properties, "Queue")?),
            "Schedule" | "ScheduleV2" if !is_off(&properties) => function.schedules.push(schedule(id, &properties)?),
            "SQS" | "Schedule" | "ScheduleV2" => {}
            other => return Err(TemplateError::resource(id, format!("event {name} of type {other:?}"))),
        }
    }
    Ok(function)
}

fn route(properties: &Value) -> RouteSpec {
    match properties.get("Path").and_then(Value::as_str) {
        None | Some("$default") => RouteSpec::Default,
        Some(path) => {
            let method = properties.get("Method").and_then(Value::as_str).unwrap_or("ANY");
            let method = if method == "*" { "ANY" } else { method };
            RouteSpec::Path { method: method.to_ascii_uppercase(), path: path.to_owned() }
        }
    }
}

/// `rate(5 minutes)`; cron expressions are not supported.
fn schedule(id: &str, properties: &Value) -> Result<Duration, TemplateError> {
    let expression = properties.get("ScheduleExpression").or_else(|| properties.get("Schedule")).map(yaml::text);
    let expression = expression.unwrap_or_default();
    let unknown = || TemplateError::resource(id, format!("schedule {expression:?}"));
    let rate = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(unknown)?;
    let (count, unit) = rate.split_once(' ').ok_or_else(unknown)?;
    let unit_secs = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return Err(unknown()),
    };
    let count: u64 = count.parse().map_err(|_| unknown())?;
    Ok(seconds(count.max(1).saturating_mul(unit_secs)))
}

pub(super) fn is_off(properties: &Value) -> bool {
    properties.get("Enabled") == Some(&Value::Bool(false)) || properties.get("State").and_then(Value::as_str) == Some("DISABLED")
}

pub(super) fn number(resolver: &Resolver, id: &str, value: &Value) -> Result<u64, TemplateError> {
    let text = resolver.text(value)?;
    text.parse().map_err(|_| TemplateError::resource(id, format!("{text:?} is not a whole number")))
}
