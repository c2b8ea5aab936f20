//! DynamoDB tables: the request that makes one, and its TTL attribute.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Error, Site,
    scope::{Reference, Scope},
};

pub(super) const KIND: &str = "AWS::DynamoDB::Table";

/// What `CreateTable` wants to know; all else (encryption, backups, deletion protection) only exists on AWS.
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
    /// The attribute that holds each item's expiry.
    pub ttl_attribute: Option<String>,
}

pub(super) fn declare(scope: &mut Scope, site: &Site, id: &str, resource: &Value) -> Result<(), Error> {
    let name = name(scope, id, resource)?;
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{name}", site.region, site.account);
    scope.define(id, Reference { reference: name, attributes: BTreeMap::from([("Arn", arn)]) });
    Ok(())
}

pub(super) fn read(scope: &Scope, id: &str, resource: &Value) -> Result<TableSpec, Error> {
    let properties = scope.resolve(resource.get("Properties").unwrap_or(&Value::Null))?;
    let name = name(scope, id, resource)?;
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

fn name(scope: &Scope, id: &str, resource: &Value) -> Result<String, Error> {
    resource.pointer("/Properties/TableName").map_or_else(|| Ok(format!("local-{id}")), |name| scope.text(name))
}
