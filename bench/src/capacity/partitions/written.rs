//! Which partitions of the table and of its indexes a request concerns.

use std::collections::HashMap;

use serde_json::Value;

/// What is known of the items that earlier requests wrote: an update's request shows neither an item's size nor the index entries that
/// it leaves.
#[derive(Debug, Default)]
pub(super) struct Stored(HashMap<(String, String), Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    bytes: usize,
    due: Option<String>,
    list: Option<String>,
}

/// One item that a request writes.
pub(super) struct Change {
    /// Its partition.
    pub(super) partition: String,
    /// Its size in write units, as far as it is known.
    pub(super) weight: usize,
    /// The partitions of the index `due` that it leaves or enters.
    pub(super) due: Vec<String>,
    /// The same of the index `list`.
    pub(super) list: Vec<String>,
}

/// The writes of a request, which become known.
pub(super) fn changes(operation: &str, request: &Value, stored: &mut Stored) -> Vec<Change> {
    parts(operation, request).into_iter().map(|(kind, part)| change(kind, part, stored)).collect()
}

fn parts<'r>(operation: &'r str, request: &'r Value) -> Vec<(&'r str, &'r Value)> {
    match operation {
        "PutItem" => vec![("Put", request)],
        "UpdateItem" => vec![("Update", request)],
        "DeleteItem" => vec![("Delete", request)],
        "BatchWriteItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flat_map(|tables| tables.values());
            let requests = tables.flat_map(|requests| requests.as_array().into_iter().flatten());
            requests.filter_map(|request| Some(("Delete", request.get("DeleteRequest")?))).collect()
        }
        "TransactWriteItems" => {
            let parts = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            parts.flat_map(|part| part.as_object().into_iter().flatten()).map(|(kind, part)| (kind.as_str(), part)).collect()
        }
        _ => Vec::new(),
    }
}

fn change(kind: &str, part: &Value, stored: &mut Stored) -> Change {
    let item = part.get("Item").or_else(|| part.get("Key")).unwrap_or(&Value::Null);
    let key = (text(item, "pk").unwrap_or_default(), text(item, "sk").unwrap_or_default());
    let before = stored.0.remove(&key).unwrap_or_default();
    let mut after = before.clone();
    match kind {
        "Put" => after = Known { bytes: bytes(item), due: text(item, "duePk"), list: text(item, "listPk") },
        "Delete" => after = Known::default(),
        _ => {
            let expression = part.get("UpdateExpression").and_then(Value::as_str).unwrap_or_default();
            if expression.split_once("REMOVE").is_some_and(|(_, removed)| removed.contains("duePk")) {
                after.due = None;
            }
            let values = part.get("ExpressionAttributeValues");
            after.bytes = after.bytes.max(values.map_or(0, bytes));
            after.due = values.and_then(|values| text(values, ":shard")).or(after.due);
        }
    }
    let change = Change {
        partition: key.0.clone(),
        weight: before.bytes.max(after.bytes).div_ceil(1024).max(1),
        due: entries("due", &before.due, &after.due),
        list: entries("list", &before.list, &after.list),
    };
    if kind != "Delete" {
        stored.0.insert(key, after);
    }
    change
}

/// The partitions of an index that an item leaves or enters, or the one it stays in.
fn entries(index: &str, before: &Option<String>, after: &Option<String>) -> Vec<String> {
    let mut partitions: Vec<String> = before.iter().chain(after).map(|partition| format!("index {index}: {partition}")).collect();
    partitions.dedup();
    partitions
}

/// The size of an item by DynamoDB's rules, numbers by their digits.
fn bytes(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, value)| name.len() + value.as_object().into_iter().flatten().map(|(_, value)| length(value)).sum::<usize>())
        .sum()
}

fn length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(length).sum(),
        _ => 1,
    }
}

fn text(item: &Value, name: &str) -> Option<String> {
    item.pointer(&format!("/{name}/S")).and_then(Value::as_str).map(str::to_owned)
}

/// The partitions that a request reads.
pub(super) fn read_partitions(operation: &str, request: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    match operation {
        "GetItem" => request.pointer("/Key/pk/S").map(text).into_iter().collect(),
        "BatchGetItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flat_map(|tables| tables.values());
            let keys = tables.flat_map(|table| table.get("Keys").and_then(Value::as_array).into_iter().flatten());
            keys.filter_map(|key| key.pointer("/pk/S").map(text)).collect()
        }
        "Query" => {
            let expression = request.get("KeyConditionExpression").and_then(Value::as_str).unwrap_or_default();
            let placeholder = expression.split_whitespace().nth(2).unwrap_or_default();
            let key = request.pointer(&format!("/ExpressionAttributeValues/{placeholder}/S")).map(text);
            let index = request.get("IndexName").and_then(Value::as_str);
            key.map(|key| index.map_or(key.clone(), |index| format!("index {index}: {key}"))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
