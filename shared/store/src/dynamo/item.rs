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
    serde_json::from_str(text).map_err(|error| damaged(string(item, "pk").unwrap_or("?"), what_is_wrong(&error)))
}

/// Reads what [`to_json`] wrote.
pub(crate) fn from_json<T: DeserializeOwned>(at: &Key, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| damaged(&at.pk, what_is_wrong(&error)))
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

/// A partition key as log lines have it: without the session or the digest of an address that it names, since lines are kept for long.
pub(crate) fn logged_pk(pk: &str) -> &str {
    if !pk.starts_with("SESS#") && !pk.starts_with("RATE#") {
        return pk;
    }
    pk.match_indices('#').nth(1).and_then(|(end, _)| pk.get(..end)).unwrap_or(pk)
}

/// What is wrong with a document, without the text that was found in place of something else: it may be personal.
fn what_is_wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => {
            format!("{}, expected {expected}", found.split(" \"").next().unwrap_or_default())
        }
        // What is unknown, a variant or a field, is quoted.
        _ if text.starts_with("unknown ") => text.split(" `").next().unwrap_or_default().to_owned(),
        _ => text,
    }
}

/// The error for an item that cannot be decoded.
pub(crate) fn damaged(key: &str, what: impl ToString) -> Error {
    Error::Damaged { key: logged_pk(key).to_owned(), what: what.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_damaged_item_has_nothing_personal() {
        for (pk, logged) in [
            ("SESS#demo#sess-1", "SESS#demo"),
            ("SESS#demo#sess#1", "SESS#demo"),
            ("RATE#password#0a1b", "RATE#password"),
            ("CLICK#demo#20260301#07", "CLICK#demo#20260301#07"),
        ] {
            let at = Key { pk: pk.to_owned(), sk: "A".to_owned() };
            let error = from_json::<u8>(&at, r#""sess-1, expected sess-1""#).unwrap_err().to_string();
            assert_eq!(error, format!("item {logged} is damaged: invalid type: string, expected u8 at line 1 column 25"));
        }
        let unknown = serde_json::from_str::<domain::conversions::Trust>(r#""sess-1, expected `sess-1`""#).unwrap_err();
        assert_eq!(what_is_wrong(&unknown), "unknown variant");
        assert_eq!(what_is_wrong(&serde_json::from_str::<u8>("").unwrap_err()), "EOF while parsing a value at line 1 column 0");
    }
}
