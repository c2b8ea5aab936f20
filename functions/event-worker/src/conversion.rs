//! Conversions: counted once, when their click is known or has not arrived in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::clicks::Click;
use domain::clicks::agent::reclassify;
use domain::clicks::burst::Burst;
use domain::conversions::Conversion;
use domain::reports::Origin;
use domain::values::name::Handle;
use domain::webhooks::envelope::Envelope;
use futures::future::{join, join_all};
use runtime::App;
use store::invocation::{Metric, measure};
use store::{CountOutcome, Countable, Pointer, Restatement, StoredClick};

use crate::fan_out;
use crate::wait::seconds_until_next_try;

/// How long a conversion waits for its click, which may still be in its own queue, in milliseconds.
const CLICK_TIMEOUT_MS: i64 = 300_000;

/// Counts conversions and delivers their events; returns how each ended, in the order of the pointers.
///
/// Those of one handle share a transaction. One that restates its click has its own, since others may restate the same click.
pub(crate) async fn count_all(app: &App, pointers: &[&Pointer]) -> Vec<Result<(), Arc<store::Error>>> {
    let prepared = join_all(pointers.iter().map(|pointer| prepare(app, pointer))).await;
    let mut outcomes: Vec<Result<(), Arc<store::Error>>> = Vec::with_capacity(prepared.len());
    let mut groups: BTreeMap<Handle, Vec<(usize, Countable)>> = BTreeMap::new();
    let mut restating: Vec<(usize, Countable)> = Vec::new();
    for (place, prepared) in prepared.into_iter().enumerate() {
        outcomes.push(match prepared {
            Ok(Some(countable)) if countable.restatement.is_some() => {
                restating.push((place, countable));
                Ok(())
            }
            Ok(Some(countable)) => {
                groups.entry(countable.conversion.handle.clone()).or_default().push((place, countable));
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(Arc::new(error)),
        });
    }
    let of_groups = join_all(groups.into_iter().map(|(handle, group)| count_group(app, handle, group)));
    let of_restating =
        join_all(restating.into_iter().map(|(place, countable)| async move { (place, count_restating(app, countable).await) }));
    let (of_groups, of_restating) = join(of_groups, of_restating).await;
    for (place, outcome) in of_groups.into_iter().flatten().chain(of_restating) {
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    }
    outcomes
}

/// Counts conversions of one handle together.
async fn count_group(app: &App, handle: Handle, group: Vec<(usize, Countable)>) -> Vec<(usize, Result<(), Arc<store::Error>>)> {
    let (places, countable): (Vec<usize>, Vec<Countable>) = group.into_iter().unzip();
    let outcomes = app.store().conversions().count(&handle, &countable, app.now()).await;
    let outcomes =
        outcomes.into_iter().zip(&countable).map(|(outcome, countable)| outcome.map(|outcome| log(app, &countable.conversion, outcome)));
    places.into_iter().zip(outcomes).collect()
}

/// Counts a conversion that restates its click, again when the click has changed meanwhile.
async fn count_restating(app: &App, countable: Countable) -> Result<(), Arc<store::Error>> {
    let pointer = countable.pointer.clone();
    let mut next = Some(countable);
    for _ in store::RetryPolicy::CLICK_RESTATEMENT.attempts() {
        let Some(countable) = next else { return Ok(()) };
        let handle = &countable.conversion.handle;
        let counted = app.store().conversions().count(handle, std::slice::from_ref(&countable), app.now()).await.pop();
        match counted.transpose()? {
            Some(CountOutcome::ClickChanged) => next = prepare(app, &pointer).await?,
            Some(outcome) => {
                log(app, &countable.conversion, outcome);
                return Ok(());
            }
            None => return Ok(()),
        }
    }
    Err(Arc::new(store::Error::Contended("TransactWriteItems")))
}

fn log(app: &App, conversion: &Conversion, outcome: CountOutcome) {
    if outcome == CountOutcome::Counted {
        measure(Metric::SettleLag, age_ms(app, conversion));
        let Conversion { id, handle, request_id, .. } = conversion;
        // Conversions of several requests are counted together.
        tracing::info!(request.id = %request_id, conversion.id = %id, %handle, "conversion counted");
    }
}

/// Delivers a conversion's event and reads what counting it needs; none when it is counted, or waits for its click.
async fn prepare(app: &App, pointer: &Pointer) -> store::Result<Option<Countable>> {
    let Some(stored) = app.store().conversions().at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "announced item does not exist");
        return Ok(None);
    };
    if stored.counted {
        return Ok(None);
    }
    let conversion = stored.conversion;
    // Before it leaves the outbox: after a crash in between, this runs again and creates no second delivery.
    fan_out::deliver_to_subscribers(app, &Envelope::of_conversion(&conversion), conversion.bot, Some(conversion.request_id)).await?;
    if let Some(session) = &conversion.session_id {
        app.store().sessions().mark_converted(&conversion.handle, session, conversion.accepted_at, app.now()).await?;
    }
    let click = app.store().clicks().get_stored(&conversion.handle, conversion.click_id).await?;
    let Some(origin) = origin(app, &conversion, click.as_ref().map(|stored| &stored.click)) else {
        app.store().outbox().announce_later(pointer, seconds_until_next_try(age_ms(app, &conversion))).await?;
        return Ok(None);
    };
    let restatement = click.and_then(|click| instant_conversion_restatement(&conversion, click));
    Ok(Some(Countable { pointer: pointer.clone(), conversion, origin, restatement }))
}

/// The origin of the conversion's visitor; none while its click may still arrive.
fn origin(app: &App, conversion: &Conversion, click: Option<&Click>) -> Option<Origin> {
    match click {
        Some(click) => Some(Origin::of(click)),
        // A test conversion has no click.
        None if !conversion.test && age_ms(app, conversion) < CLICK_TIMEOUT_MS => None,
        None => Some(Origin::unknown()),
    }
}

/// The new classification of a click whose conversion came faster than a person can act; none where that is not so or already
/// recorded.
fn instant_conversion_restatement(conversion: &Conversion, stored: StoredClick) -> Option<Restatement> {
    if !conversion.is_instant() || stored.click.instant_conversion {
        return None;
    }
    // Only this is new: what the clicks around it showed when it was counted is kept.
    let marked = Click { instant_conversion: true, ..stored.click.clone() };
    let after = reclassify(&marked, Burst::of_reasons(&stored.click));
    Some(Restatement { before: stored, after })
}

fn age_ms(app: &App, conversion: &Conversion) -> i64 {
    app.now().millis() - conversion.accepted_at.millis()
}
