//! What calls cost: AWS list prices of us-east-1 per million, and assumptions for what cannot be measured here.

use crate::capacity_units::Units;
use crate::ledger::Call;

const LAMBDA_REQUEST: f64 = 0.20;
/// A GB-second on arm64.
const GB_SECOND: f64 = 0.000_013_333_4;
/// 256 MB.
const GB: f64 = 0.25;
const WRITE_UNIT: f64 = 0.625;
const READ_UNIT: f64 = 0.125;
const SQS_REQUEST: f64 = 0.40;
const LOG_GB: f64 = 0.50;
/// HTTP API or CloudFront.
pub(crate) const FRONT_DOOR: f64 = 1.00;

/// Billed milliseconds of an invocation without calls, and of each call: the median of a DynamoDB call in published
/// measurements of Rust functions. AWS itself is not measured here.
const OWN_MS: f64 = 1.0;
const CALL_MS: f64 = 5.0;

/// A receive and a delete of ten messages each, per message.
const QUEUE_REQUESTS: f64 = 0.2;

/// All AWS usage of an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bill {
    /// Its calls by operation, in order of the first.
    pub(crate) operations: Vec<(String, usize)>,
    /// Bytes sent and received.
    pub(crate) bytes: (usize, usize),
    /// DynamoDB's units.
    pub(crate) units: Units,
    /// Messages sent.
    pub(crate) messages: usize,
    /// Rollup cells added to.
    pub(crate) cells: usize,
    /// Bytes logged.
    pub(crate) log_bytes: u64,
}

impl Bill {
    /// The sum of `calls`.
    pub(crate) fn of(calls: &[Call], log_bytes: u64) -> Self {
        let mut bill = Self { log_bytes, ..Self::default() };
        for call in calls {
            match bill.operations.iter_mut().find(|(operation, _)| *operation == call.operation) {
                Some((_, count)) => *count += 1,
                None => bill.operations.push((call.operation.clone(), 1)),
            }
            bill.bytes = (bill.bytes.0 + call.sent, bill.bytes.1 + call.received);
            bill.units += call.units;
            bill.cells += call.cells;
            bill.messages += usize::from(call.operation.starts_with("SendMessage"));
        }
        bill
    }

    /// The number of calls.
    pub(crate) fn calls(&self) -> usize {
        self.operations.iter().map(|(_, count)| count).sum()
    }

    /// The calls by operation, as text.
    pub(crate) fn calls_text(&self) -> String {
        let word = |(operation, count): &(String, usize)| if *count == 1 { operation.clone() } else { format!("{count} {operation}") };
        let words: Vec<String> = self.operations.iter().map(word).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }

    /// The cost of a million of these, without API Gateway or CloudFront; `shared_by` of them share an invocation.
    pub(crate) fn dollars(&self, shared_by: usize) -> Dollars {
        let share = 1.0 / shared_by.max(1) as f64;
        let milliseconds = OWN_MS + CALL_MS * self.calls() as f64;
        Dollars {
            lambda: share * (LAMBDA_REQUEST + milliseconds / 1000.0 * GB * GB_SECOND * 1e6),
            dynamodb: share * (self.units.read * READ_UNIT + (self.units.write + self.units.indexes()) * WRITE_UNIT),
            sqs: share * self.messages as f64 * SQS_REQUEST,
            logs: share * self.log_bytes as f64 / 1e9 * LOG_GB * 1e6,
        }
    }
}

/// Dollars per million, by service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dollars {
    /// Invocations and their time.
    pub(crate) lambda: f64,
    /// Reads and writes.
    pub(crate) dynamodb: f64,
    /// Messages.
    pub(crate) sqs: f64,
    /// Log lines.
    pub(crate) logs: f64,
}

impl Dollars {
    /// Adds the consumer's receives and deletes of one message.
    pub(crate) fn consumed(self) -> Self {
        Self { sqs: self.sqs + QUEUE_REQUESTS * SQS_REQUEST, ..self }
    }

    /// The sum.
    pub(crate) fn all(self) -> f64 {
        self.lambda + self.dynamodb + self.sqs + self.logs
    }

    /// The sum and its parts, as text.
    pub(crate) fn text(self) -> String {
        format!(
            "${:.2} = Lambda {:.2} + DynamoDB {:.2} + SQS {:.2} + logs {:.2}",
            self.all(),
            self.lambda,
            self.dynamodb,
            self.sqs,
            self.logs
        )
    }
}

impl std::ops::Add for Dollars {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            dynamodb: self.dynamodb + other.dynamodb,
            sqs: self.sqs + other.sqs,
            logs: self.logs + other.logs,
        }
    }
}
