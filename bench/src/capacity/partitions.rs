//! Units by partition, of the table and of its indexes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::capacity_units::Units;
use crate::ledger::Call;

/// Read and write units by partition; those of an index have its name before them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions(BTreeMap<String, (f64, f64)>);

impl Partitions {
    /// What some calls used.
    pub(crate) fn of(calls: &[Call]) -> Self {
        let mut used = Self::default();
        for call in calls {
            used.add(call);
        }
        used
    }

    /// All write units.
    pub(crate) fn writes(&self) -> f64 {
        self.0.values().map(|(_, write)| write).sum()
    }

    /// All read units.
    pub(crate) fn reads(&self) -> f64 {
        self.0.values().map(|(read, _)| read).sum()
    }

    /// The partitions nearest to their limits, as name, read and write units.
    pub(crate) fn hottest(&self, count: usize) -> Vec<(String, f64, f64)> {
        let mut all: Vec<(String, f64, f64)> = self.0.iter().map(|(name, (read, write))| (name.clone(), *read, *write)).collect();
        let heat = |(_, read, write): &(String, f64, f64)| (read / super::MAX_READS).max(write / super::MAX_WRITES);
        all.sort_by(|one, other| heat(other).total_cmp(&heat(one)));
        all.truncate(count);
        all
    }

    fn add(&mut self, call: &Call) {
        let Units { read, write, index } = call.units;
        let writes = writes(&call.operation, &call.request);
        let all: usize = writes.iter().map(|written| written.weight).sum();
        for written in &writes {
            let share = written.weight as f64 / all.max(1) as f64;
            self.0.entry(written.partition.clone()).or_default().1 += write * share;
        }
        let indexed: Vec<String> = writes.iter().flat_map(|written| written.indexed.clone()).collect();
        // The request does not show which partition of an index an item leaves.
        let indexed = if indexed.is_empty() { vec!["index due: of entries that leave it".to_owned()] } else { indexed };
        for partition in &indexed {
            self.0.entry(partition.clone()).or_default().1 += index / indexed.len() as f64;
        }
        if read > 0.0 {
            let partitions = read_partitions(&call.operation, &call.request);
            for partition in &partitions {
                self.0.entry(partition.clone()).or_default().0 += read / partitions.len().max(1) as f64;
            }
        }
        self.0.retain(|_, (read, write)| *read > 0.0 || *write > 0.0);
    }
}

/// One item written by a call.
struct Written {
    partition: String,
    /// Its write units as far as the request shows them, to divide those of the call.
    weight: usize,
    /// The partitions of indexes it enters.
    indexed: Vec<String>,
}

impl Written {
    fn of(item: &Value, bytes: usize) -> Self {
        let text = |name: &str| item.pointer(&format!("/{name}/S")).and_then(Value::as_str);
        let indexed = [("duePk", "due"), ("listPk", "list")];
        Self {
            partition: text("pk").unwrap_or("?").to_owned(),
            weight: bytes.div_ceil(1024).max(1),
            indexed: indexed.iter().filter_map(|(name, index)| Some(format!("index {index}: {}", text(name)?))).collect(),
        }
    }
}

fn writes(operation: &str, request: &Value) -> Vec<Written> {
    let put = |put: &Value| put.get("Item").map(|item| Written::of(item, item.to_string().len()));
    let change = |change: &Value| change.get("Key").map(|key| Written::of(key, 0));
    let written: Vec<Option<Written>> = match operation {
        "PutItem" => vec![put(request)],
        "UpdateItem" | "DeleteItem" => vec![change(request)],
        "BatchWriteItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object).into_iter().flat_map(|tables| tables.values());
            let requests = tables.flat_map(|requests| requests.as_array().into_iter().flatten());
            requests.map(|request| request.get("DeleteRequest").and_then(change)).collect()
        }
        "TransactWriteItems" => {
            let parts = request.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
            let parts = parts.flat_map(|part| part.as_object().into_iter().flatten());
            parts.map(|(kind, part)| if kind == "Put" { put(part) } else { change(part) }).collect()
        }
        _ => Vec::new(),
    };
    written.into_iter().flatten().collect()
}

fn read_partitions(operation: &str, request: &Value) -> Vec<String> {
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
