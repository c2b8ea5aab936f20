//! Persistence: DynamoDB and SQS through the AWS SDK.
//!
//! [`Store`] returns one handle per noun: `store.links()`, `store.conversions()`, … A handle is a reference and free to make.
//! Every key is in [`table`].
//!
//! Every write that must be neither lost nor doubled is one conditional write or one transaction. The store decides nothing: it
//! loads, writes under a condition, and reports which condition failed. Reads are consistent unless their documentation says so.
//!
//! | module | content |
//! |---|---|
//! | `dynamo` | the table, key templates, items, pages, transactions, retries |
//! | `outbox` | entries to process later, their messages and queues |
//! | `dead_letters` | what workers could not process, for an operator |
//! | `links`, `campaigns`, `clicks`, `conversions`, `sessions`, `rule_sets` | what the product stores |
//! | `webhooks` | subscriptions, the health of their endpoints, events, deliveries |
//! | `accounts` | accounts, handles, personal access tokens, the audit log |
//! | `privacy` | a person's records: found, shown, erased |
//! | `rollups` | report cells: appending deltas, folding them into cells, reading both |
//! | `limits` | quotas and rate limits |
//! | `system` | what the sweeper has last seen |
//! | `admin_scans` | full scans for offline jobs |
//! | `invocation` | the request that work is for, named in its messages, and what an invocation measures |
//! | `handle_erasure` | erasing a deleted handle step by step |
//! | `handle_items` | everything a handle owns, to move it to another table |

mod accounts;
mod admin_scans;
mod campaigns;
mod clicks;
mod client;
mod conversions;
mod dead_letters;
mod dynamo;
mod error;
mod handle_erasure;
mod handle_items;
pub mod invocation;
mod limits;
mod links;
mod message_sender;
mod outbox;
mod privacy;
mod rollups;
mod rule_sets;
mod sessions;
mod system;
mod webhooks;

pub use accounts::{Accounts, AddToken, AuditLog, Profiles, StoredToken, Tokens};
pub use admin_scans::AdminScans;
pub use campaigns::Campaigns;
pub use clicks::{Clicks, ClicksCounted, ClicksInOrder, Restated, Restatement, StoredClick, restatement_groups};
pub use client::{AwsConnection, Credentials, http_client, sdk_settings};
pub use conversions::{
    Accepted, Adjusted, Conversions, Countable, Ledger, Paged, RepeatSubmissions, StoredAdjustment, StoredConversion, ledger_cursor_moment,
};
pub use dead_letters::{DeadLetter, DeadLetterCount, DeadLetters};
pub use dynamo::{DamagedItem, Found, ListCursor, Page, RetryPolicy, Stretch, decode_cursor, encode_cursor, is_cursor, table};
pub use error::{Error, Result};
pub use handle_erasure::{ErasingHandle, HandleErasure};
pub use handle_items::{HandleItems, ItemRole, ScanPosition, StoredItem};
pub use limits::{Limits, Taken, WindowTaken};
pub use links::{Expect, LinkOrder, Links, WriteOutcome, damaged_link_version};
pub use outbox::{
    AttemptMessage, ClickMessage, Lane, MAX_ANNOUNCEMENTS, MESSAGE_VERSION, Message, Outbox, OutboxKind, Overdue, OverdueCursor, Pointer,
    Postponed, QueueUrls, SetAside,
};
pub use privacy::{ErasureJob, ErasureStep, PersonRecord, PersonalAdjustment, PersonalConversion, Privacy, Span, WalkPosition};
pub use rollups::{Cells, CountOutcome, FoldOutcome, Rollups};
pub use rule_sets::{RuleSets, StoredRule};
pub use sessions::{Appended, Sessions, StoredSession};
pub use system::{NightlyRecount, Sweep, System, Waiting};
pub use webhooks::{
    AttemptRecord, Deliveries, DeliveryCounts, DeliveryFilter, Disabling, EndpointHealth, Events, FailureRecord, MAX_LISTED_DELIVERIES,
    MAX_REQUESTED_DELIVERIES, Subscribed, SubscriptionWithHealth, Subscriptions, Transition,
};

use std::sync::Arc;

use accounts::OpenHandles;
use domain::values::name::Handle;
use dynamo::Database;
use limits::LimitMemory;
use outbox::QueueClients;
use rollups::ScheduledDays;

/// The table and the queues of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Database,
    queues: Arc<QueueClients>,
    scheduled: Arc<ScheduledDays>,
    limit_memory: Arc<LimitMemory>,
    open_handles: Arc<OpenHandles>,
}

impl Store {
    /// Connects lazily: no request is made before the first call.
    pub fn connect(connection: &AwsConnection, table: impl Into<String>, queues: QueueUrls) -> Self {
        Self {
            db: Database::new(connection.dynamodb(), table.into()),
            queues: Arc::new(QueueClients::new(connection.clone(), queues)),
            scheduled: Arc::default(),
            limit_memory: Arc::default(),
            open_handles: Arc::default(),
        }
    }

    /// Accounts: plan and time zone of each user.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::new(&self.db)
    }

    /// Handles with their collaborators.
    pub fn profiles(&self) -> Profiles<'_> {
        Profiles::new(&self.db, &self.open_handles)
    }

    /// Personal access tokens.
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens::new(&self.db)
    }

    /// The audit log of each handle.
    pub fn audit_log(&self) -> AuditLog<'_> {
        AuditLog::new(&self.db)
    }

    /// Links and their versions.
    pub fn links(&self) -> Links<'_> {
        Links::new(&self.db, self.outbox())
    }

    /// Campaigns and their last observed health.
    pub fn campaigns(&self) -> Campaigns<'_> {
        Campaigns::new(&self.db, self.outbox())
    }

    /// Rule sets: personalization rules and chain rules of each handle.
    pub fn rule_sets(&self) -> RuleSets<'_> {
        RuleSets::new(&self.db)
    }

    /// Clicks.
    pub fn clicks(&self) -> Clicks<'_> {
        Clicks::new(&self.db, &self.queues, self.rollups())
    }

    /// Conversions.
    pub fn conversions(&self) -> Conversions<'_> {
        Conversions::new(&self.db, self.rollups())
    }

    /// The ledger: conversions and their adjustments.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger::new(&self.db, self.rollups())
    }

    /// Sessions and their signals.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::new(&self.db, self.outbox(), self.rollups())
    }

    /// Webhook subscriptions.
    pub fn subscriptions(&self) -> Subscriptions<'_> {
        Subscriptions::new(&self.db)
    }

    /// The health of the subscriptions' endpoints.
    pub fn endpoint_health(&self) -> EndpointHealth<'_> {
        EndpointHealth::new(&self.db)
    }

    /// Messages of webhook events.
    pub fn events(&self) -> Events<'_> {
        Events::new(&self.db)
    }

    /// Webhook deliveries and their attempts.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries::new(&self.db)
    }

    /// The outbox and the queues of its messages.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::new(&self.db, &self.queues)
    }

    /// Report cells.
    pub fn rollups(&self) -> Rollups<'_> {
        Rollups::new(&self.db, self.outbox(), &self.scheduled)
    }

    /// The state of the system as the sweeper has last seen it.
    pub fn system(&self) -> System<'_> {
        System::new(&self.db)
    }

    /// Quotas, click limits and rate limits.
    pub fn limits(&self) -> Limits<'_> {
        Limits::new(&self.db, &self.limit_memory)
    }

    /// Lists of everything for offline jobs and the recounter; no other function's IAM statements allow them.
    pub fn admin_scans(&self) -> AdminScans<'_> {
        AdminScans::new(&self.db)
    }

    /// A person's records.
    pub fn privacy(&self) -> Privacy<'_> {
        Privacy::new(&self.db, self.rollups())
    }

    /// The job that erases deleted handles.
    pub fn handle_erasure(&self) -> HandleErasure<'_> {
        HandleErasure::new(&self.db, self.rollups())
    }

    /// Everything a handle owns, for offline jobs; no function's IAM statements allow it.
    pub fn handle_items<'a>(&'a self, handle: &'a Handle) -> HandleItems<'a> {
        HandleItems::new(&self.db, handle)
    }
}
