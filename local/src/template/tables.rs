//! DynamoDB tables: the request that creates one, and its TTL attribute.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Site, TemplateError,
    resolver::{Reference, Resolver},
};

pub(super) const KIND: &str = "AWS::DynamoDB::Table";

/// The properties that `CreateTable` takes; the others (encryption, backups, deletion protection) only exist on AWS.
const CREATION: [&str; 5] = ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "BillingMode"];

/// A table to create.
#[derive(Debug, Clone)]
pub struct TableSpec {
    /// Its id in the template.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The body of the `CreateTable` request.
    pub creation: Value,
    /// The attribute with each item's expiry.
    pub ttl_attribute: Option<String>,
}

impl TableSpec {
    /// The definitions of its indexes.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &Value> {
        self.creation.get("GlobalSecondaryIndexes").and_then(Value::as_array).into_iter().flatten()
    }
}

pub(super) fn declare(resolver: &mut Resolver, site: &Site, id: &str, resource: &Value) -> Result<(), TemplateError> {
    let name = name(resolver, id, resource)?;
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{name}", site.region, site.account);
    resolver.define(id, Reference { reference: name, attributes: BTreeMap::from([("Arn", arn)]) });
    Ok(())
}

pub(super) fn read(resolver: &Resolver, id: &str, resource: &Value) -> Result<TableSpec, TemplateError> {
    let properties = resolver.resolve(resource.get("Properties").unwrap_or(&Value::Null))?;
    let name = name(resolver, id, resource)?;
    let mut creation = serde_json::Map::from_iter([("TableName".to_owned(), Value::from(name.as_str()))]);
    for member in CREATION {
        if let Some(value) = properties.get(member) {
            creation.insert(member.to_owned(), value.clone());
        }
    }
    let ttl = properties.get("TimeToLiveSpecification").filter(|ttl| ttl.get("Enabled") == Some(&Value::Bool(true)));
    let ttl_attribute = ttl.and_then(|ttl| ttl.get("AttributeName")).and_then(Value::as_str).map(str::to_owned);
    Ok(TableSpec { id: id.to_owned(), name, creation: Value::Object(creation), ttl_attribute })
}

fn name(resolver: &Resolver, id: &str, resource: &Value) -> Result<String, TemplateError> {
    resource.pointer("/Properties/TableName").map_or_else(|| Ok(format!("local-{id}")), |name| resolver.text(name))
}
