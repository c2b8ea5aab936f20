//! Items: a key, a JSON document in the attribute `doc`, and beside it only the attributes that conditions, counters and indexes need.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dynamo::table::Key;
use crate::error::{Error, Result};

/// The attributes of an item by name.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The primary key as attributes.
pub(crate) fn key(key: &Key) -> Item {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

/// The primary key of an item that was read.
pub(crate) fn key_of(item: &Item) -> Result<Key> {
    Ok(Key { pk: string(item, "pk")?.to_owned(), sk: string(item, "sk")?.to_owned() })
}

/// An item with a document.
pub(crate) fn with_doc(at: &Key, document: &impl Serialize) -> Result<Item> {
    let mut item = key(at);
    item.insert("doc".to_owned(), text(to_json(at, document)?));
    Ok(item)
}

/// The JSON text of a document that is stored at a key.
pub(crate) fn to_json(at: &Key, document: &impl Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|error| damaged(&at.pk, error))
}

/// The document of an item.
pub(crate) fn doc<T: DeserializeOwned>(item: &Item) -> Result<T> {
    let text = string(item, "doc")?;
    serde_json::from_str(text).map_err(|error| damaged(string(item, "pk").unwrap_or("?"), error))
}

/// Reads what [`to_json`] wrote.
pub(crate) fn from_json<T: DeserializeOwned>(at: &Key, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged(&at.pk, error))
}

/// A string attribute that the item must have.
pub(crate) fn string<'a>(item: &'a Item, name: &str) -> Result<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(damaged(optional(item, "pk").unwrap_or("?"), format!("attribute {name} is missing"))),
    }
}

/// A string attribute that the item may have.
pub(crate) fn optional<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

/// An integer attribute, if the item has it.
pub(crate) fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

/// The error for an item that cannot be decoded.
pub(crate) fn damaged(key: &str, what: impl ToString) -> Error {
    Error::Damaged { key: key.to_owned(), what: what.to_string() }
}
