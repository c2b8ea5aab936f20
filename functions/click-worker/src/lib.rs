//! The click worker: a batch of clicks off the queue, each stored and counted once however often it comes.
//!
//! A click names its link's campaign and counts for it only if that was ACTIVE at the moment of the click. This is decided here, once:
//! when the click is first stored.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::agent::judge_again;
use domain::click::Click;
use domain::id::ClickId;
use domain::name::Handle;
use domain::webhook::event::EventType;
use domain::webhook::subscription::Status;
use edge::{App, batch};
use store::{ClickMessage, KnownSubscription, Pointer};

/// Counts a batch and gives back the messages with a click that could not be written.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<ClickMessage>(event);
    let clicks: Vec<Click> = received.iter().flat_map(|message| message.body.clicks.iter().cloned()).collect();
    let (clicks, mut unwritten) = credited(&app, with_bursts(&app, clicks)).await;
    let (clicks, listeners, untold) = listeners(&app, clicks).await;
    unwritten.extend(untold);
    let is_told = |click: &Click| {
        let mut of_handle = listeners.iter().filter(|known| known.subscription.handle == click.handle);
        of_handle.any(|known| known.subscription.wants(EventType::LinkClicked, click.bot))
    };
    let (counted, errors) = app.store().count_clicks(&clicks, &is_told, app.now()).await;
    for (id, error) in &errors {
        tracing::warn!(click.id = %id, error = error as &dyn std::error::Error, "click could not be counted");
    }
    unwritten.extend(errors.iter().map(|(id, _)| *id));
    let is_unwritten = |message: &&batch::Received<ClickMessage>| message.body.clicks.iter().any(|click| unwritten.contains(&click.id));
    failed.extend(received.iter().filter(is_unwritten).map(|message| message.message_id.clone()));
    for click in clicks.iter().filter(|click| is_told(click) && !unwritten.contains(&click.id)) {
        app.store().announce_softly(&Pointer::to_click(click)).await;
    }
    tracing::info!(clicks.new = counted.new, clicks.known = counted.known, messages.failed = failed.len(), "clicks counted");
    batch::failures(failed)
}

/// The clicks with the subscriptions of their handles, and those of which that could not be found out.
async fn listeners(app: &App, clicks: Vec<Click>) -> (Vec<Click>, Vec<KnownSubscription>, BTreeSet<ClickId>) {
    let handles: BTreeSet<Handle> = clicks.iter().map(|click| click.handle.clone()).collect();
    let (mut listeners, mut unread) = (Vec::new(), BTreeSet::new());
    for handle in handles {
        match app.store().subscriptions(&handle, app.now()).await {
            Ok(known) => listeners.extend(known.into_iter().filter(|known| known.status() == Status::Active)),
            Err(error) => {
                tracing::warn!(%handle, error = &error as &dyn std::error::Error, "subscriptions could not be read");
                unread.insert(handle);
            }
        }
    }
    let (untold, clicks): (Vec<Click>, Vec<Click>) = clicks.into_iter().partition(|click| unread.contains(&click.handle));
    (clicks, listeners, untold.iter().map(|click| click.id).collect())
}

/// The clicks with the campaigns they count for, and those of which that could not be found out.
async fn credited(app: &App, clicks: Vec<Click>) -> (Vec<Click>, BTreeSet<ClickId>) {
    let named = |click: &Click| click.campaign_id.clone().map(|id| (click.handle.clone(), id));
    let campaigns = match app.store().campaigns_named(&clicks.iter().filter_map(named).collect()).await {
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

/// The clicks, those in a burst judged again with that in mind. A click that was counted before keeps its first judgement.
fn with_bursts(app: &App, clicks: Vec<Click>) -> Vec<Click> {
    let bursts = app.bursts_among(&clicks);
    clicks.into_iter().map(|click| bursts.get(&click.id).map_or_else(|| click.clone(), |burst| judge_again(&click, *burst))).collect()
}
