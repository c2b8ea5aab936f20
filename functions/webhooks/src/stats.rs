//! `GET …/webhooks/{subscriptionId}/stats`: how a subscription's deliveries ended, and how long their attempts took, hour by hour.

use api::{ApiState, DayRange, Member, PathId, Problem, WebhooksRead};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::values::form::{self, Form};
use domain::values::id::SubscriptionId;
use domain::values::moment::{Day, HOUR_MS, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::KEPT_DAYS;
use serde::Serialize;
use store::DeliveryCounts;

use crate::problems::no_subscription;

/// The statistics of a subscription.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookStats {
    subscription_id: SubscriptionId,
    /// `hour`.
    by: &'static str,
    /// First day, UTC.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// Last day, UTC, included.
    #[schema(value_type = String, format = Date)]
    to: Day,
    /// Every hour of these days that has begun and is at most 30 days ago, in order.
    rows: Vec<HourOfStats>,
    totals: DeliveryFigures,
}

/// An hour.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct HourOfStats {
    /// Its beginning.
    hour: Moment,
    #[serde(flatten)]
    figures: DeliveryFigures,
}

/// The deliveries that ended in a time, in the hour in which they did.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryFigures {
    #[schema(minimum = 0)]
    delivered: i64,
    /// Those whose attempts all failed.
    #[schema(minimum = 0)]
    failed: i64,
    /// The attempts of these deliveries, failed ones included.
    #[schema(minimum = 0)]
    attempts: i64,
    /// The milliseconds that half of the attempts did not exceed; null without attempts. Interpolated within a bucket of the histogram
    /// with the bounds 10, 25, 50, 100, 200, 400, 700, 1000, 2000, 4000, 7000 and 10000.
    #[schema(minimum = 0, maximum = 10000)]
    p50_ms: Option<i64>,
    /// The same for 95 of 100 attempts.
    #[schema(minimum = 0, maximum = 10000)]
    p95_ms: Option<i64>,
}

impl From<&DeliveryCounts> for DeliveryFigures {
    fn from(counts: &DeliveryCounts) -> Self {
        Self {
            delivered: counts.delivered,
            failed: counts.failed,
            attempts: counts.durations.attempts(),
            p50_ms: counts.durations.percentile_ms(50),
            p95_ms: counts.durations.percentile_ms(95),
        }
    }
}

api::query_parameters!(StatsQuery, |form| Some(fields(form, Moment::from_millis(0).day())));

/// Reads the days from a query.
fn fields(form: &mut Form<'_>, today: Day) -> DayRange {
    let range = DayRange::read_by_hour(form, today);
    form.optional("by", "The length of a row; hour when left out.", form::one_of([("hour", ())]));
    range
}

/// Reports how a subscription's deliveries ended, and how long their attempts took, hour by hour.
///
/// Its cost grows with hours, never with deliveries.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/webhooks/{subscriptionId}/stats",
    tag = "webhooks",
    security(("jwt" = []), ("pat" = ["webhooks.read"])),
    params(("handle" = Handle, Path), ("subscriptionId" = SubscriptionId, Path), StatsQuery),
    responses((status = 200, description = "The statistics.", body = WebhookStats))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<WebhooksRead>,
    PathId(id): PathId<SubscriptionId>,
    RawQuery(query): RawQuery,
) -> Result<Json<WebhookStats>, Problem> {
    let now = app.now();
    let range = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(fields(form, now.day())))?;
    app.store().subscriptions().get(member.handle(), id, now).await?.ok_or_else(no_subscription)?;
    let hours = hours(range, now);
    let known = match (hours.first(), hours.last()) {
        (Some(first), Some(last)) => app.store().deliveries().counts(member.handle(), id, *first, *last).await?,
        _ => Default::default(),
    };
    let mut totals = DeliveryCounts::default();
    known.values().for_each(|counts| totals.merge(counts));
    let figures = |hour| known.get(&hour).map_or_else(|| DeliveryFigures::from(&DeliveryCounts::default()), DeliveryFigures::from);
    let rows = hours.into_iter().map(|hour| HourOfStats { hour, figures: figures(hour) }).collect();
    let DayRange { from, to } = range;
    Ok(Json(WebhookStats { subscription_id: id, by: "hour", from, to, rows, totals: DeliveryFigures::from(&totals) }))
}

/// The hours of these days that have begun and whose counts are kept: those of the delivery log.
fn hours(DayRange { from, to }: DayRange, now: Moment) -> Vec<Moment> {
    let first = from.start().max(now.plus_days(-KEPT_DAYS).hour());
    let end = to.plus(1).start().min(now.plus_millis(1));
    std::iter::successors(Some(first), |hour| Some(hour.plus_millis(HOUR_MS))).take_while(|hour| *hour < end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_that_have_begun_and_are_kept() {
        let day = |text: &str| text.parse().unwrap();
        let of = |from, to, now: &str| hours(DayRange { from: day(from), to: day(to) }, now.parse().unwrap());
        let ends = |hours: &[Moment]| (hours.len(), hours.first().map(Moment::to_string), hours.last().map(Moment::to_string));
        let whole = of("2026-03-01", "2026-03-07", "2026-03-09T00:00:00Z");
        let (first, last) = ("2026-03-01T00:00:00.000Z".to_owned(), "2026-03-07T23:00:00.000Z".to_owned());
        assert_eq!(ends(&whole), (168, Some(first), Some(last)));
        let begun = of("2026-03-01", "2026-03-01", "2026-03-01T13:00:00Z");
        assert_eq!(ends(&begun), (14, Some("2026-03-01T00:00:00.000Z".into()), Some("2026-03-01T13:00:00.000Z".into())));
        let kept = of("2026-03-01", "2026-03-02", "2026-03-31T13:59:59.999Z");
        assert_eq!(ends(&kept), (35, Some("2026-03-01T13:00:00.000Z".into()), Some("2026-03-02T23:00:00.000Z".into())));
        assert_eq!(of("2026-03-02", "2026-03-02", "2026-03-01T23:59:59.999Z"), [], "days to come");
        assert_eq!(of("2026-01-01", "2026-01-02", "2026-03-01T00:00:00Z"), [], "days that are not kept");
    }
}
