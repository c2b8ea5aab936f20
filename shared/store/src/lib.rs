//! What is remembered: DynamoDB and SQS through the AWS SDK, one module a noun, every key in [`table`].
//!
//! Every write that must not be lost or doubled is one conditional write or one transaction. The store never decides
//! what is true; it loads, writes under a condition, and says which condition failed.

mod client;
mod error;
mod item;
pub mod table;

mod accounts;
mod audit;
mod campaigns;
mod census;
mod clicks;
mod clicks_out;
mod clicks_read;
mod conversions;
mod corrections;
mod deliveries;
mod events;
mod health;
mod ledger;
mod limits;
mod links;
mod outbox;
mod profiles;
mod queues;
mod receivers;
mod restate;
mod rollups;
mod rules;
mod sessions;
mod subscriptions;
mod tokens;
mod transaction;
mod tries;

pub use campaigns::WriteCampaign;
pub use clicks::Counted;
pub use clicks_out::ClickMessage;
pub use clicks_read::ClicksInOrder;
pub use client::{Connection, Credentials, http_client, sdk_settings};
pub use conversions::{Accepted, Settled, Stored};
pub use deliveries::{DeliveryCounts, Filter, MAX_ASKED_FOR, Made};
pub use error::{Error, Result};
pub use item::{Page, is_cursor};
pub use ledger::{Adjusted, StoredAdjustment, ledger_cursor_moment};
pub use limits::{Taken, WindowTaken};
pub use links::{Expect, WriteLink};
pub use outbox::{OutboxKind, Pointer};
pub use queues::{AttemptMessage, Lane};
pub use receivers::{GivingUp, Moved};
pub use restate::{Restated, Restatement, StoredClick, restatement_groups};
pub use rollups::Cells;
pub use rules::KeptRule;
pub use sessions::{Appended, KeptSession};
pub use subscriptions::{Failures, KnownSubscription, Subscribed};
pub use tokens::{AddToken, StoredToken};
pub use tries::Tries;

use std::sync::Arc;

/// The tables and queues of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    sqs: Arc<client::Sqs>,
    table: String,
    queues: Queues,
    click_lane: Arc<clicks_out::Lane>,
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
