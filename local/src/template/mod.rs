//! What `template.yaml` declares, as far as the local server needs it: tables, queues and functions.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

mod conditions;
mod functions;
mod queues;
mod resolver;
mod sources;
mod tables;
mod yaml;

#[cfg(test)]
mod tests;

pub use functions::{FunctionSpec, RouteSpec};
pub use queues::{QueueSpec, Redrive};
pub use sources::SourceSpec;
pub use tables::TableSpec;

use resolver::{Resolver, members};

/// Why a template cannot be used here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is not YAML.
    #[error("template is not readable YAML: {0}")]
    Yaml(String),
    /// It refers to something unknown here.
    #[error("template has an unknown {0}")]
    Unknown(String),
    /// A property of a resource is missing or invalid.
    #[error("template resource {id}: {why}")]
    Resource {
        /// The resource's logical id.
        id: String,
        /// What is wrong with it.
        why: String,
    },
}

impl TemplateError {
    fn resource(id: &str, why: impl ToString) -> Self {
        Self::Resource { id: id.to_owned(), why: why.to_string() }
    }
}

/// The AWS account and the stack's parameters for which a template is resolved.
#[derive(Debug, Clone)]
pub struct Site {
    /// The region.
    pub region: String,
    /// The account.
    pub account: String,
    /// Where the embedded SQS listens, without a trailing slash.
    pub queue_endpoint: String,
    /// Stack parameters; they override their defaults.
    pub parameters: BTreeMap<String, String>,
}

/// The template, resolved for one site.
#[derive(Debug)]
pub struct Template {
    /// The DynamoDB tables.
    pub tables: Vec<TableSpec>,
    /// The SQS queues.
    pub queues: Vec<QueueSpec>,
    /// The Lambda functions with everything that calls them.
    pub functions: Vec<FunctionSpec>,
}

impl Template {
    /// Reads `text` and resolves it for `site`.
    ///
    /// # Errors
    /// When the template is not YAML, or a value that is needed here only exists on AWS.
    pub fn parse(text: &str, site: &Site) -> Result<Self, TemplateError> {
        let document = yaml::read(text)?;
        let mut resolver = Resolver::new(&document, site);
        let mut present = Vec::new();
        for (id, resource) in members(&document, "Resources") {
            let condition = resource.get("Condition").and_then(Value::as_str);
            if condition.map_or(Ok(true), |name| resolver.condition(name))? {
                present.push((id.as_str(), kind(resource), resource));
            }
        }
        for (id, kind, resource) in &present {
            // Names first: any resource may refer to any other.
            match *kind {
                tables::KIND => tables::declare(&mut resolver, site, id, resource)?,
                queues::KIND => queues::declare(&mut resolver, site, id, resource)?,
                _ => {}
            }
        }
        let mut template = Self { tables: Vec::new(), queues: Vec::new(), functions: Vec::new() };
        for (id, kind, resource) in &present {
            match *kind {
                tables::KIND => template.tables.push(tables::read(&resolver, id, resource)?),
                queues::KIND => template.queues.push(queues::read(&resolver, site, id, resource)?),
                functions::KIND => {
                    template.functions.push(functions::read(&resolver, &document, id, resource)?);
                }
                _ => {}
            }
        }
        for (id, _, resource) in present.iter().filter(|(_, kind, _)| *kind == sources::KIND) {
            sources::attach(&resolver, id, resource, &mut template.functions)?;
        }
        Ok(template)
    }

    /// The function built from the binary `name`.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&FunctionSpec> {
        self.functions.iter().find(|function| function.binary == name)
    }
}

fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

fn seconds(value: u64) -> Duration {
    Duration::from_secs(value)
}
