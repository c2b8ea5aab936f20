//! The click worker: stores and counts the clicks of a batch, each once however often it is received.
//!
//! A click has its link's campaign and counts for it only if that was ACTIVE at the moment of the click. This is decided here, once,
//! when the click is first stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::clicks::Click;
use domain::clicks::agent::reclassify;
use domain::clicks::burst::RecentClicks;
use domain::values::id::{ClickId, RequestId};
use domain::values::name::Handle;
use domain::webhooks::event::WebhookEventType;
use domain::webhooks::subscription::SubscriptionStatus;
use futures::stream::{self, StreamExt};
use runtime::{App, batch};
use store::invocation::{Metric, measure};
use store::{ClickMessage, Pointer, SubscriptionWithHealth};

/// Handles whose subscriptions are read at the same time.
const MAX_CONCURRENT: usize = 16;

/// The click worker's state; cheap to clone.
#[derive(Clone)]
pub struct ClickWorker {
    app: App,
    /// The recent clicks of this process, for detecting bursts. Best effort: other processes have other clicks, and re-scoring has
    /// all of them.
    recent: Arc<Mutex<RecentClicks>>,
}

impl ClickWorker {
    /// A worker that has seen no clicks yet.
    pub fn new(app: App) -> Self {
        Self { app, recent: Arc::default() }
    }
}

/// Counts a batch, and returns the messages with a click that could not be written to the queue.
pub async fn handle(worker: ClickWorker, event: SqsEvent) -> SqsBatchResponse {
    let app = &worker.app;
    let (received, mut failed) = batch::read::<ClickMessage>(event);
    let clicks: Vec<Click> = received.iter().flat_map(|message| message.body.clicks.iter().cloned()).collect();
    let (clicks, mut unwritten) = credited(app, with_bursts(&worker, clicks)).await;
    let (clicks, subscribers, undetermined) = subscribers(app, clicks).await;
    unwritten.extend(undetermined);
    let is_wanted = |click: &Click| {
        let mut of_handle = subscribers.iter().filter(|known| known.subscription.handle == click.handle);
        of_handle.any(|known| known.subscription.wants(WebhookEventType::LinkClicked, click.bot))
    };
    let (counted, errors) = app.store().clicks().count(&clicks, &is_wanted, app.settings().click_days, app.now()).await;
    for (id, error) in &errors {
        tracing::warn!(click.id = %id, error = error as &dyn std::error::Error, "click could not be counted");
    }
    unwritten.extend(errors.iter().map(|(id, _)| *id));
    let is_unwritten = |message: &&batch::Received<ClickMessage>| message.body.clicks.iter().any(|click| unwritten.contains(&click.id));
    failed.extend(received.iter().filter(is_unwritten).map(|message| message.message_id.clone()));
    let written = || clicks.iter().filter(|click| !unwritten.contains(&click.id));
    for click in written() {
        measure(Metric::SettleLag, app.now().millis() - click.at().millis());
    }
    let requests = requests(&received);
    announce(app, &requests, written().filter(|click| is_wanted(click))).await;
    tracing::info!(clicks.new = counted.new, clicks.known = counted.known, messages.failed = failed.len(), "clicks counted");
    batch::failures(failed)
}

/// The requests of the clicks, where their messages name them.
fn requests(received: &[batch::Received<ClickMessage>]) -> BTreeMap<ClickId, RequestId> {
    let of_message = |message: &ClickMessage| message.clicks.first().map(|click| click.id).zip(message.request_id);
    received.iter().filter_map(|message| of_message(&message.body)).collect()
}

/// Announces counted clicks to be sent to webhooks. What cannot be announced the sweeper announces.
async fn announce(app: &App, requests: &BTreeMap<ClickId, RequestId>, clicks: impl Iterator<Item = &Click>) {
    let pointer = |click: &Click| Pointer { request_id: requests.get(&click.id).copied(), ..Pointer::to_click(click) };
    let pointers: Vec<Pointer> = clicks.map(pointer).collect();
    for (pointer, sent) in pointers.iter().zip(app.store().outbox().announce_all(&pointers).await) {
        if let Err(error) = sent {
            tracing::warn!(item.pk = %pointer.pk, error = &error as &dyn std::error::Error, "click could not be announced; the sweeper will");
        }
    }
}

/// The clicks with the subscriptions of their handles, and the clicks whose subscriptions could not be read.
async fn subscribers(app: &App, clicks: Vec<Click>) -> (Vec<Click>, Vec<SubscriptionWithHealth>, BTreeSet<ClickId>) {
    let handles: BTreeSet<Handle> = clicks.iter().map(|click| click.handle.clone()).collect();
    let (mut subscribers, mut unread) = (Vec::new(), BTreeSet::new());
    let lists = stream::iter(handles).map(|handle| async {
        let known = app.store().subscriptions().list(&handle, app.now()).await;
        (handle, known)
    });
    let mut lists = lists.buffer_unordered(MAX_CONCURRENT);
    while let Some((handle, known)) = lists.next().await {
        match known {
            Ok(known) => subscribers.extend(known.into_iter().filter(|known| known.status() == SubscriptionStatus::Active)),
            Err(error) => {
                tracing::warn!(%handle, error = &error as &dyn std::error::Error, "subscriptions could not be read");
                unread.insert(handle);
            }
        }
    }
    let (undetermined, clicks): (Vec<Click>, Vec<Click>) = clicks.into_iter().partition(|click| unread.contains(&click.handle));
    (clicks, subscribers, undetermined.iter().map(|click| click.id).collect())
}

/// The clicks with the campaigns they count for, and the clicks whose campaigns could not be read.
async fn credited(app: &App, clicks: Vec<Click>) -> (Vec<Click>, BTreeSet<ClickId>) {
    let named = |click: &Click| click.campaign_id.clone().map(|id| (click.handle.clone(), id));
    let campaigns = match app.store().campaigns().get_many(&clicks.iter().filter_map(named).collect()).await {
        Ok(campaigns) => campaigns,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "campaigns could not be read");
            let (of_campaigns, others): (Vec<Click>, Vec<Click>) = clicks.into_iter().partition(|click| click.campaign_id.is_some());
            return (others, of_campaigns.iter().map(|click| click.id).collect());
        }
    };
    let is_tracked =
        |click: &Click| named(click).and_then(|key| campaigns.get(&key)).is_some_and(|campaign| campaign.was_active_at(click.at()));
    let credit = |click: Click| Click { campaign_id: click.campaign_id.clone().filter(|_| is_tracked(&click)), ..click };
    (clicks.into_iter().map(credit).collect(), BTreeSet::new())
}

/// The clicks, those of a burst classified again. A click that was counted before keeps its first classification.
fn with_bursts(worker: &ClickWorker, clicks: Vec<Click>) -> Vec<Click> {
    let bursts = worker.recent.lock().unwrap_or_else(PoisonError::into_inner).record(&clicks, worker.app.now());
    clicks.into_iter().map(|click| bursts.get(&click.id).map_or_else(|| click.clone(), |burst| reclassify(&click, *burst))).collect()
}
