//! What is remembered: DynamoDB and SQS through the AWS SDK, one module a noun, every key in [`table`].
//!
//! Every write that must not be lost or doubled is one conditional write or one transaction. The store never decides
//! what is true; it loads, writes under a condition, and says which condition failed.

mod accounts;
mod admin_scans;
mod campaigns;
mod clicks;
mod client;
mod conversions;
mod dynamo;
mod error;
mod limits;
mod links;
mod outbox;
mod rollups;
mod rule_sets;
mod sessions;
mod webhooks;

pub use accounts::tokens::{AddToken, StoredToken};
pub use campaigns::WriteCampaign;
pub use clicks::read::ClicksInOrder;
pub use clicks::restate::{Restated, Restatement, StoredClick, restatement_groups};
pub use clicks::write::Counted;
pub use client::{Connection, Credentials, http_client, sdk_settings};
pub use conversions::accept::{Accepted, Settled, Stored};
pub use conversions::ledger::{Adjusted, StoredAdjustment, ledger_cursor_moment};
pub use conversions::repeat_submissions::Tries;
pub use dynamo::item::{Page, is_cursor};
pub use dynamo::table;
pub use error::{Error, Result};
pub use limits::{Taken, WindowTaken};
pub use links::{Expect, WriteLink};
pub use outbox::click_batcher::ClickMessage;
pub use outbox::queues::{AttemptMessage, Lane};
pub use outbox::{OutboxKind, Pointer};
pub use rollups::Cells;
pub use rule_sets::KeptRule;
pub use sessions::{Appended, KeptSession};
pub use webhooks::deliveries::{DeliveryCounts, Filter, MAX_ASKED_FOR, Made};
pub use webhooks::endpoint_health::{GivingUp, Moved};
pub use webhooks::subscriptions::{Failures, KnownSubscription, Subscribed};

use std::sync::Arc;

/// The tables and queues of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    sqs: Arc<client::Sqs>,
    table: String,
    queues: Queues,
    click_lane: Arc<outbox::click_batcher::Lane>,
}

/// Addresses of the queues; a function has only those it sends to.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    /// Clicks on their way to the rollups.
    pub clicks: Option<String>,
    /// Outbox entries on their way to whoever must hear of them.
    pub events: Option<String>,
    /// First attempts of deliveries.
    pub deliveries: Option<String>,
    /// Later attempts, and those of receivers that take long, so that nobody else waits behind them.
    pub retries: Option<String>,
}

impl Store {
    /// Connects lazily: no request is made before the first call.
    pub fn connect(connection: &Connection, table: impl Into<String>, queues: Queues) -> Self {
        let sqs = Arc::new(client::Sqs::new(connection.clone()));
        Self { db: connection.dynamodb(), sqs, table: table.into(), queues, click_lane: Arc::default() }
    }
}
