//! The way of a conversion, from the visitor's click to the receivers' answers, as the table has it.
//!
//! It is found by the id of the conversion or of the request that posted it. Both are ids of a moment, so only the conversions of that
//! moment are read, whatever the size of the table.

use std::str::FromStr;

use domain::conversions::Conversion;
use domain::values::id::{ConversionId, RequestId};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryAttempt};
use domain::webhooks::envelope::Envelope;
use store::{Store, StoredConversion};

use crate::Error;

/// The longest time between the beginning of a request and the id of what it creates, in milliseconds: the longest a function behind
/// HTTP runs.
const MAX_REQUEST_MS: i64 = 30_000;

/// What a conversion is looked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceId {
    /// Its own id.
    Conversion(ConversionId),
    /// The id of the request that posted it: `requestId` and `x-request-id` of the API's answer.
    Request(RequestId),
}

impl FromStr for TraceId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let conversion = text.parse().map(Self::Conversion).ok();
        conversion.or_else(|| text.parse().map(Self::Request).ok()).ok_or_else(|| format!("{text:?} is neither cnv_… nor req_…"))
    }
}

impl TraceId {
    /// The moments between which the conversion's id was made.
    fn between(self) -> (Moment, Moment) {
        match self {
            Self::Conversion(id) => (id.moment(), id.moment()),
            Self::Request(id) => (id.moment(), id.moment().plus_millis(MAX_REQUEST_MS)),
        }
    }

    fn is_of(self, conversion: &Conversion) -> bool {
        match self {
            Self::Conversion(id) => conversion.id == id,
            Self::Request(id) => conversion.request_id == id,
        }
    }
}

/// One step of a conversion's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it happened; none where the table does not say.
    pub at: Option<Moment>,
    /// What happened, with the ids to look for in the logs.
    pub what: String,
}

/// The steps of a conversion's way, in their order: of a conversion of this handle, or of any.
///
/// # Errors
/// When there is no such conversion, or the table cannot be read.
pub async fn run(store: &Store, handle: Option<&Handle>, id: TraceId, now: Moment) -> Result<Vec<Step>, Error> {
    let handles = match handle {
        Some(handle) => vec![handle.clone()],
        None => store.admin_scans().handles().await.map_err(Error::database)?,
    };
    for handle in &handles {
        if let Some(found) = conversion(store, handle, id).await? {
            return steps(store, &found, now).await;
        }
    }
    Err(Error::NotTraced)
}

/// The conversion of a handle with this id.
async fn conversion(store: &Store, handle: &Handle, id: TraceId) -> Result<Option<StoredConversion>, Error> {
    let (from, to) = id.between();
    let mut day = from.day();
    while day <= to.day() {
        if let Some(found) = of_day(store, handle, id, day).await? {
            return Ok(Some(found));
        }
        day = day.plus(1);
    }
    Ok(None)
}

async fn of_day(store: &Store, handle: &Handle, id: TraceId, day: Day) -> Result<Option<StoredConversion>, Error> {
    let (from, to) = id.between();
    // The id before all of that moment.
    let mut after = ConversionId::new(from.plus_millis(-1), u128::MAX);
    loop {
        let page = store.admin_scans().conversions_of_day(handle, day, Some(after)).await.map_err(Error::database)?;
        let Some(last) = page.last().map(|last| last.conversion.id) else { return Ok(None) };
        if let Some(found) = page.into_iter().find(|stored| id.is_of(&stored.conversion)) {
            return Ok(Some(found));
        }
        if last.moment() > to {
            return Ok(None);
        }
        after = last;
    }
}

async fn steps(store: &Store, found: &StoredConversion, now: Moment) -> Result<Vec<Step>, Error> {
    let conversion = &found.conversion;
    let Conversion { id, handle, click_id, request_id, slug, accepted_at, .. } = conversion;
    let click = store.clicks().get_stored(handle, *click_id).await.map_err(Error::database)?;
    let click = if click.is_some() { "" } else { ", not stored" };
    let mut steps = vec![
        Step { at: Some(click_id.moment()), what: format!("{click_id}: click on {handle}/{slug}{click}") },
        Step { at: Some(*accepted_at), what: format!("{request_id}: posted, accepted as {id}") },
        Step { at: None, what: if found.counted { "counted".to_owned() } else { "not counted yet: in the outbox".to_owned() } },
    ];
    let event = Envelope::of_conversion(conversion);
    // A delivery to a subscription that was deleted since is in the delivery log only.
    for known in store.subscriptions().list(handle, now).await.map_err(Error::database)? {
        let subscription = known.subscription.id;
        let own = Delivery::id_of(event.id, subscription);
        let found = store.deliveries().get_with_attempts(handle, own).await.map_err(Error::database)?;
        if let Some((delivery, attempts)) = found {
            steps.push(opened(&delivery));
            steps.extend(attempts.iter().map(attempted));
            steps.push(Step { at: None, what: format!("{own}: {:?}", delivery.status) });
        }
    }
    Ok(steps)
}

fn opened(delivery: &Delivery) -> Step {
    let Delivery { id, event_id, subscription_id, created_at, request_id, .. } = delivery;
    let request = request_id.map(|id| format!(" for {id}")).unwrap_or_default();
    Step { at: Some(*created_at), what: format!("{id}: {event_id} to {subscription_id}{request}") }
}

fn attempted(attempt: &DeliveryAttempt) -> Step {
    let DeliveryAttempt { n, started_at, duration_ms, outcome, .. } = attempt;
    Step { at: Some(*started_at), what: format!("attempt {n}: {outcome} after {duration_ms} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_is_looked_for_by_its_own_id_or_by_that_of_its_request() {
        let at = Moment::from_millis(1_772_366_400_000);
        let (conversion, request) = (ConversionId::new(at, 1), RequestId::new(at, 2));
        assert_eq!(conversion.to_string().parse(), Ok(TraceId::Conversion(conversion)));
        assert_eq!(request.to_string().parse(), Ok(TraceId::Request(request)));
        assert!("clk_1".parse::<TraceId>().is_err());
    }
}
