//! Items: a key, a JSON document in `doc`, and beside it only what conditions, counters and indexes need.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use domain::values::secret::sha256_hex;

use crate::dynamo::table::Key;
use crate::error::{Error, Result};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The primary key as attributes.
pub(crate) fn key(key: &Key) -> Item {
    HashMap::from([("pk".to_owned(), text(&key.pk)), ("sk".to_owned(), text(&key.sk))])
}

/// An item with a document.
pub(crate) fn with_doc(at: &Key, document: &impl Serialize) -> Result<Item> {
    let mut item = key(at);
    item.insert("doc".to_owned(), text(to_json(at, document)?));
    Ok(item)
}

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

pub(crate) fn string<'a>(item: &'a Item, name: &str) -> Result<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(damaged(optional(item, "pk").unwrap_or("?"), format!("attribute {name} is missing"))),
    }
}

pub(crate) fn optional<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(crate) fn integer(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok())
}

pub(crate) fn damaged(key: &str, what: impl ToString) -> Error {
    Error::Damaged { key: key.to_owned(), what: what.to_string() }
}

/// One page of a list and where the next one starts.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Hand it back to get the next page; none at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of a list that is read whole; each entry's place sorts as the list does.
    pub fn of_whole(list: &str, whole: Vec<T>, limit: usize, from: Option<&str>, place: impl Fn(&T) -> String) -> Result<Self> {
        let after = place_in(list, from)?;
        let mut rest = whole.into_iter().filter(|entry| after.as_ref().is_none_or(|after| place(entry) > *after));
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let is_more = rest.next().is_some();
        Ok(Self { next_cursor: items.last().filter(|_| is_more).map(|last| cursor_to(list, &place(last))), items })
    }
}

/// A page of a partition, which is the list, as the query leads through it.
pub(crate) async fn page_of<T>(
    query: QueryFluentBuilder,
    partition: &str,
    limit: usize,
    read: impl Fn(&Item) -> Result<T>,
) -> Result<Page<T>> {
    // One more than the page may have tells a full last page from one that others follow.
    let query = query.expression_attribute_values(":pk", text(partition)).limit(i32::try_from(limit + 1).unwrap_or(i32::MAX));
    let found = query.send().await.map_err(Error::call("Query"))?;
    let is_more = found.items().len() > limit || found.last_evaluated_key().is_some();
    let kept = || found.items().iter().take(limit);
    let last = kept().next_back().filter(|_| is_more);
    let next_cursor = last.map(|last| string(last, "sk").map(|place| cursor_to(partition, place))).transpose()?;
    Ok(Page { items: kept().map(read).collect::<Result<_>>()?, next_cursor })
}

/// A cursor to a place in a list: one that is used on another list, or was changed, is told by its digest of both.
pub(crate) fn cursor_to(list: &str, place: &str) -> String {
    cursor(&[&digest(list, place), place])
}

/// The place a cursor leads to, if there is one.
///
/// # Errors
/// When it is not one of this list.
pub(crate) fn place_in(list: &str, from: Option<&str>) -> Result<Option<String>> {
    let Some(from) = from else { return Ok(None) };
    match read_cursor(from) {
        Some([told, place]) if told == digest(list, &place) => Ok(Some(place)),
        _ => Err(Error::ForeignCursor),
    }
}

fn digest(list: &str, place: &str) -> String {
    sha256_hex(format!("{list}\n{place}").as_bytes()).chars().take(16).collect()
}

/// Makes an opaque cursor of key parts.
pub(crate) fn cursor(parts: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(parts.join("\n"))
}

/// Whether a text could be a cursor this store handed out.
pub fn is_cursor(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| String::from_utf8(bytes).is_ok())
}

/// Reads a cursor of so many parts back; anything else is no cursor.
pub(crate) fn read_cursor<const N: usize>(cursor: &str) -> Option<[String; N]> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let parts: Vec<String> = text.split('\n').map(str::to_owned).collect();
    parts.try_into().ok()
}
