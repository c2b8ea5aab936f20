//! `GET …/analytics/export`: raw clicks, conversions or days as CSV or JSON, page by page (specification §9).

mod clicks;
mod conversions;
mod daily;
mod query;
mod rows;
mod sheet;

use api::{AnalyticsRead, ApiState, DayRange, Member, Problem, require_feature};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::accounts::Feature;
use domain::values::name::Handle;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{Extensions, Uri};
use serde::Serialize;

pub(crate) use clicks::ClickRow;
use query::{ExportKind, ExportParameters, ExportQuery};
use rows::{Export, ExportRow};
use sheet::ExportPage;

/// Exports raw clicks, ledger entries of conversions, or days, to verify reports and commissions.
///
/// A page ends at about 4 MiB or after 25,000 scanned rows; `x-next-cursor` and `link` lead to the next one. Only the first page
/// of a CSV has the header row, so that pages can be concatenated. Text that a spreadsheet could interpret as a formula begins
/// with an apostrophe. Needs the plan PRO.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics/export", tag = "analytics", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ExportParameters),
    responses((status = 200, description = "A page of the export.", content((Export = "application/json"), (String = "text/csv")),
            headers(("content-disposition" = String, description = "A file name with handle, type, filters and range."),
                ("x-next-cursor" = Option<String>, description = "The cursor of the next page; absent at the end."),
                ("link" = Option<String>, description = "The address of the next page, as rel=\"next\"."))),
        (status = 403, description = "The plan of the owning account has no exports: `feature_locked` with `feature` and `requiredPlan`.",
            body = api::openapi::ErrorBody)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<AnalyticsRead>,
    extensions: Extensions,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    require_feature(&app, &member.profile.owner, Feature::Exports).await?;
    let query = ExportQuery::read(member.handle(), query.as_deref().unwrap_or_default(), app.now().day())?;
    let address = format!("{}{}", app.settings().api_origin.trim_end_matches('/'), api::asked_path(&extensions, &uri));
    match query.kind {
        ExportKind::Clicks => respond(&address, &query, clicks::page(app.store(), &query).await?),
        ExportKind::Conversions => respond(&address, &query, conversions::page(app.store(), &query).await?),
        ExportKind::Daily => respond(&address, &query, daily::page(app.store(), &query).await?),
    }
}

/// The response with a page, and the address of the next one below this export's own address.
fn respond<R: Serialize + Into<ExportRow>>(address: &str, query: &ExportQuery, page: ExportPage<R>) -> Result<Response, Problem> {
    let ExportPage { sheet, next_cursor } = page;
    let mut response = Response::builder()
        .header(CONTENT_TYPE, query.format.content_type(query.cursor.is_none()))
        .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", query.file_name()));
    if let Some(cursor) = &next_cursor {
        response = response.header("x-next-cursor", cursor).header(LINK, format!("<{address}?{}>; rel=\"next\"", query.query_from(cursor)));
    }
    let DayRange { from, to } = query.range;
    let body = sheet.into_body(|rows| {
        let items = rows.into_iter().map(Into::into).collect();
        Export { handle: query.handle.clone(), r#type: query.kind.as_str(), from, to, items, next_cursor }
    })?;
    response.body(body.into()).map_err(Problem::internal)
}
