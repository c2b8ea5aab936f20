//! SQS queues: visibility, delay, and where a message goes that nobody can handle.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Error, Site,
    scope::{Reference, Scope},
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
    /// Seconds that a message without a delay of its own stays hidden at first.
    pub delay_secs: u32,
    /// Where a message goes that was received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Redrive {
    /// The ARN of the dead-letter queue.
    #[serde(rename = "deadLetterTargetArn")]
    pub target_arn: String,
    /// How often a message may be received before it goes there.
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

pub(super) fn declare(scope: &mut Scope, site: &Site, id: &str, resource: &Value) -> Result<(), Error> {
    let name = name(scope, id, resource)?;
    let url = url(site, &name);
    let attributes = BTreeMap::from([("Arn", arn(site, &name)), ("QueueName", name), ("QueueUrl", url.clone())]);
    scope.define(id, Reference { reference: url, attributes });
    Ok(())
}

pub(super) fn read(scope: &Scope, site: &Site, id: &str, resource: &Value) -> Result<QueueSpec, Error> {
    let empty = Value::Object(serde_json::Map::new());
    let properties = scope.resolve(resource.get("Properties").unwrap_or(&empty))?;
    let properties: Properties = serde_json::from_value(properties).map_err(|error| Error::resource(id, error))?;
    if properties.fifo_queue {
        return Err(Error::resource(id, "FIFO queues are not kept in the journal"));
    }
    let name = name(scope, id, resource)?;
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

fn name(scope: &Scope, id: &str, resource: &Value) -> Result<String, Error> {
    resource.pointer("/Properties/QueueName").map_or_else(|| Ok(format!("local-{id}")), |name| scope.text(name))
}

fn url(site: &Site, name: &str) -> String {
    format!("{}/{}/{name}", site.queue_endpoint, site.account)
}

fn arn(site: &Site, name: &str) -> String {
    format!("arn:aws:sqs:{}:{}:{name}", site.region, site.account)
}
