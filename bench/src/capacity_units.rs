//! What DynamoDB bills: the capacity it reports for a call, and what it bills without reporting.

use std::ops::AddAssign;

use serde_json::Value;

/// Request units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Units {
    /// Read units.
    pub(crate) read: f64,
    /// Write units of the table.
    pub(crate) write: f64,
    /// Write units of its index `due`.
    pub(crate) due: f64,
    /// Write units of its index `list`.
    pub(crate) list: f64,
}

impl Units {
    /// Write units of its indexes.
    pub(crate) fn indexes(&self) -> f64 {
        self.due + self.list
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.write += other.write;
        self.due += other.due;
        self.list += other.list;
    }
}

const READS: [&str; 3] = ["GetItem", "BatchGetItem", "Query"];
const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

/// Whether an operation is one of DynamoDB's.
pub(crate) fn reports_capacity(operation: &str) -> bool {
    READS.contains(&operation) || WRITES.contains(&operation)
}

/// The units of a call. A failed condition is billed like the write, though the response does not report it; all items here
/// with conditions are smaller than 1 KB.
pub(crate) fn billed(operation: &str, status: u16, request: Option<&Value>, response: &Value) -> Units {
    let Some(request) = request else { return Units::default() };
    let count = request.get("TransactItems").and_then(Value::as_array).map(Vec::len);
    if status != 200 {
        let kind = response.get("__type").and_then(Value::as_str).unwrap_or_default();
        let refused = kind.ends_with("ConditionalCheckFailedException") || kind.ends_with("TransactionCanceledException");
        let write = if refused { count.map_or(1.0, |count| 2.0 * count as f64) } else { 0.0 };
        return Units { write, ..Units::default() };
    }
    let capacities: Vec<&Value> = match response.get("ConsumedCapacity") {
        Some(Value::Array(tables)) => tables.iter().collect(),
        Some(table) => vec![table],
        None => Vec::new(),
    };
    let sum = |path: &str| capacities.iter().filter_map(|table| table.pointer(path).and_then(Value::as_f64)).sum::<f64>();
    if READS.contains(&operation) {
        return Units { read: sum("/CapacityUnits"), ..Units::default() };
    }
    let table = sum("/Table/CapacityUnits");
    let index = |name| sum(&format!("/GlobalSecondaryIndexes/{name}/CapacityUnits"));
    Units { read: 0.0, write: table, due: index("due"), list: index("list") }
}

/// Bytes of a response that are only there because the bench requested the capacity.
pub(crate) fn added_bytes(response: &Value) -> usize {
    response.get("ConsumedCapacity").map_or(0, |capacity| capacity.to_string().len() + r#""ConsumedCapacity":,"#.len())
}
