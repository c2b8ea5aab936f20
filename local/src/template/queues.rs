//! SQS queues: visibility, delay and dead-letter queue.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Site, TemplateError,
    resolver::{Reference, Resolver},
};

pub(super) const KIND: &str = "AWS::SQS::Queue";

/// A queue to create.
#[derive(Debug, Clone)]
pub struct QueueSpec {
    /// Its id in the template.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its URL at the embedded SQS.
    pub url: String,
    /// Its ARN.
    pub arn: String,
    /// Seconds that a received message stays hidden.
    pub visibility_secs: u32,
    /// Delay of a message that has none of its own, in seconds.
    pub delay_secs: u32,
    /// The dead-letter queue, if there is one.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    /// The ARN of the dead-letter queue.
    #[serde(rename = "deadLetterTargetArn")]
    pub target_arn: String,
    /// Receives after which a message is moved there.
    pub max_receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    #[serde(default = "default_visibility")]
    visibility_timeout: u32,
    #[serde(default)]
    delay_seconds: u32,
    #[serde(default)]
    fifo_queue: bool,
    redrive_policy: Option<Redrive>,
}

fn default_visibility() -> u32 {
    30
}

pub(super) fn declare(resolver: &mut Resolver, site: &Site, id: &str, resource: &Value) -> Result<(), TemplateError> {
    let name = name(resolver, id, resource)?;
    let url = url(site, &name);
    let attributes = BTreeMap::from([("Arn", arn(site, &name)), ("QueueName", name), ("QueueUrl", url.clone())]);
    resolver.define(id, Reference { reference: url, attributes });
    Ok(())
}

pub(super) fn read(resolver: &Resolver, site: &Site, id: &str, resource: &Value) -> Result<QueueSpec, TemplateError> {
    let empty = Value::Object(serde_json::Map::new());
    let properties = resolver.resolve(resource.get("Properties").unwrap_or(&empty))?;
    let properties: Properties = serde_json::from_value(properties).map_err(|error| TemplateError::resource(id, error))?;
    if properties.fifo_queue {
        return Err(TemplateError::resource(id, "FIFO queues are not supported by the journal"));
    }
    let name = name(resolver, id, resource)?;
    Ok(QueueSpec {
        id: id.to_owned(),
        url: url(site, &name),
        arn: arn(site, &name),
        name,
        visibility_secs: properties.visibility_timeout,
        delay_secs: properties.delay_seconds,
        redrive: properties.redrive_policy,
    })
}

fn name(resolver: &Resolver, id: &str, resource: &Value) -> Result<String, TemplateError> {
    resource.pointer("/Properties/QueueName").map_or_else(|| Ok(format!("local-{id}")), |name| resolver.text(name))
}

fn url(site: &Site, name: &str) -> String {
    format!("{}/{}/{name}", site.queue_endpoint, site.account)
}

fn arn(site: &Site, name: &str) -> String {
    format!("arn:aws:sqs:{}:{}:{name}", site.region, site.account)
}
