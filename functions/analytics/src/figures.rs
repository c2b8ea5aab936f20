//! Figures as the API returns them.

use std::collections::BTreeMap;

use domain::reports::confidence::{Freshness, Observed, ReportConfidence};
use domain::reports::{Dimension, Figures, Report};
use domain::values::money::{Currency, amount};
use serde::Serialize;
use serde_json::{Number, Value, json};
use store::Cells;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{Object, ObjectBuilder};

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    #[schema(value_type = u64)]
    clicks: i128,
    #[schema(value_type = u64)]
    bot_clicks: i128,
    /// Human clicks: `clicks` without `botClicks`.
    #[schema(value_type = u64)]
    qualified_clicks: i128,
    /// Those accepted on these days. A corrected conversion moves to another link or campaign on the day of its correction, so that
    /// the figure of the previous one can be negative on that day.
    #[schema(value_type = i64)]
    conversions: i128,
    /// Observations of intent; only in reports by segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    impressions: Option<i128>,
    /// Revenue in `currency`, less refunds of these days; other currencies are never added to it.
    #[schema(value_type = f64)]
    revenue: Number,
    /// The part of `revenue` that was confirmed with the handle's own tokens.
    #[schema(value_type = f64)]
    revenue_confirmed: Number,
    /// The campaign's currency; without one the only currency of the revenue, or USD when there are several or none.
    currency: Currency,
    /// Revenue in each currency.
    #[schema(value_type = BTreeMap<String, f64>)]
    revenue_by_currency: BTreeMap<&'static str, Number>,
}

impl Totals {
    pub(crate) fn of(figures: &Figures, currency: Currency) -> Self {
        Self {
            clicks: figures.clicks,
            bot_clicks: figures.bot_clicks,
            qualified_clicks: figures.qualified_clicks(),
            conversions: figures.conversions,
            impressions: None,
            revenue: figures.revenue_in(currency),
            revenue_confirmed: figures.revenue_confirmed_in(currency),
            currency,
            revenue_by_currency: figures.revenue.iter().map(|(currency, minor)| (currency.code(), amount(*minor, *currency))).collect(),
        }
    }

    /// Those of a report by this dimension.
    pub(crate) fn by(figures: &Figures, currency: Currency, dimension: Dimension) -> Self {
        let impressions = (dimension == Dimension::Segment).then_some(figures.impressions);
        Self { impressions, ..Self::of(figures, currency) }
    }
}

/// A reason for less confidence.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PenaltyView {
    /// `no_clicks`, `conversions_exceed_clicks`, `bot_ratio_20_40`, `bot_ratio_over_40` or `stale`.
    code: &'static str,
    /// Points it takes off.
    points: u8,
    /// The observed value: clicks, conversions per click, bot clicks per click, or the time of the last update.
    #[schema(schema_with = number_or_text)]
    observed: Value,
}

fn number_or_text() -> Object {
    ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::String])).build()
}

/// The confidence score out of 100, and the penalties that reduce it.
pub(crate) fn rated(figures: &Figures, freshness: &Freshness) -> (u8, Vec<PenaltyView>) {
    let ReportConfidence { score, penalties } = ReportConfidence::of(figures, freshness.is_stale());
    let view = penalties.into_iter().map(|penalty| PenaltyView {
        code: penalty.code,
        points: penalty.points,
        observed: match penalty.observed {
            Observed::NoUpdate => json!(freshness.last_updated_at),
            other => other.to_json(),
        },
    });
    (score, view.collect())
}

/// Cells split by a dimension.
pub(crate) fn report(cells: &Cells, by: Dimension) -> Report {
    Report::of(cells.days.iter().map(|(day, counts)| (*day, counts)), by)
}
