//! One row a UTC day, equal to the report by day.

use std::collections::{BTreeMap, BTreeSet};

use api::{DayRange, Problem};
use domain::reports::{Dimension, Figures};
use domain::values::money::Currency;
use serde::Serialize;
use serde_json::Number;
use store::Store;

use super::query::ExportQuery;
use super::sheet::{ExportPage, Sheet};
use crate::figures::report;

/// A day.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayRow {
    #[schema(value_type = String, format = Date)]
    day: String,
    #[schema(value_type = u64)]
    clicks: i128,
    #[schema(value_type = u64)]
    bot_clicks: i128,
    #[schema(value_type = u64)]
    qualified_clicks: i128,
    #[schema(value_type = i64)]
    conversions: i128,
    /// `revenue_USD` and so on: revenue in every currency of the range.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, f64>)]
    revenue: BTreeMap<String, Number>,
}

impl DayRow {
    fn of(day: String, figures: &Figures, currencies: &BTreeSet<Currency>) -> Self {
        Self {
            day,
            clicks: figures.clicks,
            bot_clicks: figures.bot_clicks,
            qualified_clicks: figures.qualified_clicks(),
            conversions: figures.conversions,
            revenue: currencies.iter().map(|currency| (column(*currency), figures.revenue_in(*currency))).collect(),
        }
    }
}

fn column(currency: Currency) -> String {
    format!("revenue_{currency}")
}

/// All days of the range that have figures.
pub(super) async fn page(store: &Store, query: &ExportQuery) -> Result<ExportPage<DayRow>, Problem> {
    let DayRange { from, to } = query.range;
    let cells = store.rollups().read(&query.handle, &query.selection(), Some(Dimension::Day), from, to).await?;
    let report = report(&cells, Dimension::Day);
    let currencies: BTreeSet<Currency> = report.totals.revenue.keys().copied().collect();
    let columns = ["day", "clicks", "botClicks", "qualifiedClicks", "conversions"].map(str::to_owned).into_iter();
    let mut sheet = Sheet::begin(query.format, columns.chain(currencies.iter().copied().map(column)).collect(), true)?;
    for (day, figures) in report.rows {
        sheet.push(DayRow::of(day, &figures, &currencies))?;
    }
    Ok(ExportPage { sheet, next_cursor: None })
}
