//! `GET …/analytics/export`: raw clicks, conversions or days as CSV or JSON, page by page (contract §9).

mod clicks;
mod conversions;
mod daily;
mod sheet;

use api::{AnalyticsRead, ApiState, Member, Problem, require_plan};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use domain::accounts::Plan;
use domain::reports::Selection;
use domain::values::form::{self, Faults, Field, Form};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::{CampaignId, Handle, Slug};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use http::{Extensions, Uri};
use serde::Serialize;

use crate::parameters::Range;
use sheet::{Format, Row, Sheet};

/// Clicks or entries one response looks through, so that a filter which keeps few of them does not take it long.
const MAX_SCANNED: usize = 25_000;
/// The product's name of what a plan opens.
const FEATURE: &str = "exports";

/// What a row is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clicks,
    Conversions,
    Daily,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::Daily => "daily",
        }
    }
}

/// What is requested.
struct Wanted {
    handle: Handle,
    kind: Kind,
    format: Format,
    campaign: Option<CampaignId>,
    slug: Option<Slug>,
    range: Range,
    cursor: Option<Cursor>,
}

/// Where a page begins.
enum Cursor {
    /// After this click.
    Click(ClickId),
    /// Where the ledger says.
    Entry(String),
}

impl Wanted {
    fn read(handle: &Handle, query: &str, today: Day) -> Result<Self, Faults> {
        let wanted = form::read_query(query, |form| Some(Self::fields(form, today)))?;
        Ok(wanted(handle.clone()))
    }

    /// The export but for its handle, which is in the path.
    fn fields(form: &mut Form<'_>, today: Day) -> impl FnOnce(Handle) -> Self + use<> {
        let kinds = form::one_of([Kind::Clicks, Kind::Conversions, Kind::Daily].map(|kind| (kind.as_str(), kind)));
        let doc = "clicks (when left out): one row a click; conversions: one row a ledger entry; daily: one row a UTC day.";
        let kind = form.optional("type", doc, kinds).unwrap_or(Kind::Clicks);
        let range = Range::read(form, today);
        let formats = form::one_of([Format::Csv, Format::Json].map(|format| (format.as_str(), format)));
        let cursor = form::any_text().then(move |text| {
            let cursor = Cursor::read(&text, kind, range);
            cursor.ok_or_else(|| "must be the x-next-cursor of the page before, with all else as it was".to_owned())
        });
        let format = form.optional("format", "csv when left out.", formats).unwrap_or(Format::Csv);
        let campaign = form.optional("campaignId", "Only what is credited to this campaign.", form::parsed());
        let slug = form.optional("slug", "Only this link.", form::parsed());
        let cursor = form.optional("cursor", "The `x-next-cursor` of the page before, with all else as it was.", cursor);
        move |handle| Self { handle, kind, format, campaign, slug, range, cursor }
    }

    fn keeps(&self, slug: &Slug, campaign: Option<&CampaignId>) -> bool {
        self.slug.as_ref().is_none_or(|wanted| wanted == slug) && self.campaign.as_ref().is_none_or(|wanted| Some(wanted) == campaign)
    }

    fn selection(&self) -> Selection {
        Selection::of(self.campaign.clone(), self.slug.clone())
    }

    /// `demo-clicks-partner-alpha-2026-03-01-2026-03-31.csv`; no part can hold anything but letters, digits, `-` and `_`.
    fn file_name(&self) -> String {
        let mut name = format!("{}-{}", self.handle, self.kind.as_str());
        for filter in [self.campaign.as_ref().map(CampaignId::as_str), self.slug.as_ref().map(Slug::as_str)].into_iter().flatten() {
            name.push('-');
            name.push_str(filter);
        }
        let Range { from, to } = self.range;
        format!("{name}-{from}-{to}.{}", self.format.as_str())
    }

    /// The query of another page, with everything in it that has a default: the defaults change at midnight.
    fn query_from(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("format", self.format.as_str()).append_pair("type", self.kind.as_str());
        if let Some(campaign) = &self.campaign {
            query.append_pair("campaignId", campaign.as_str());
        }
        if let Some(slug) = &self.slug {
            query.append_pair("slug", slug.as_str());
        }
        let Range { from, to } = self.range;
        query.append_pair("from", &from.to_string()).append_pair("to", &to.to_string()).append_pair("cursor", cursor).finish()
    }
}

impl Cursor {
    fn read(text: &str, kind: Kind, range: Range) -> Option<Self> {
        match kind {
            Kind::Clicks => {
                let after: Option<ClickId> = text.parse().ok();
                after.filter(|id| (range.from..=range.to).contains(&id.moment().day())).map(Self::Click)
            }
            Kind::Conversions => Some(text).filter(|text| store::is_cursor(text)).map(|text| Self::Entry(text.to_owned())),
            // All days fit one page.
            Kind::Daily => None,
        }
    }
}

/// One response's worth of an export.
struct Page {
    sheet: Sheet,
    next_cursor: Option<String>,
}

/// An export as JSON.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Export {
    handle: Handle,
    r#type: &'static str,
    /// First day, UTC.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// Last day, UTC, included.
    #[schema(value_type = String, format = Date)]
    to: Day,
    /// The same rows as the CSV, in time order.
    items: Vec<Row>,
    /// Pass it as `cursor` to get the next page; null at the end.
    next_cursor: Option<String>,
}

api::query_parameters!(ExportQuery, |form| Some(Wanted::fields(form, Moment::from_millis(0).day())));

/// Exports raw clicks, the ledger of conversions, or days, to check reports and commissions by.
///
/// A page ends at about 4 MiB or 25,000 rows looked through; while there is more, `x-next-cursor` and `link` lead on. Only the
/// first page of a CSV has the header row, so that pages can be put one after another. Text that a spreadsheet could take for
/// a formula begins with an apostrophe. Needs the plan PRO.
#[utoipa::path(get, path = "/v2/handles/{handle}/analytics/export", tag = "analytics", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ExportQuery),
    responses((status = 200, description = "A page of the export.", content((Export = "application/json"), (String = "text/csv")),
            headers(("content-disposition" = String, description = "A file name with handle, type, filters and range."),
                ("x-next-cursor" = Option<String>, description = "Where the next page begins; missing at the end."),
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
    require_plan(&app, &member.profile.owner, Plan::Pro, FEATURE).await?;
    let wanted = Wanted::read(member.handle(), query.as_deref().unwrap_or_default(), app.now().day())?;
    let page = match wanted.kind {
        Kind::Clicks => clicks::page(app.store(), &wanted).await?,
        Kind::Conversions => conversions::page(app.store(), &wanted).await?,
        Kind::Daily => daily::page(app.store(), &wanted).await?,
    };
    let api = format!("{}{}", app.settings().api_origin.trim_end_matches('/'), api::asked_path(&extensions, &uri));
    answer(&api, &wanted, page)
}

fn answer(api: &str, wanted: &Wanted, Page { sheet, next_cursor }: Page) -> Result<Response, Problem> {
    let mut response = Response::builder()
        .header(CONTENT_TYPE, wanted.format.content_type(wanted.cursor.is_none()))
        .header(CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", wanted.file_name()));
    if let Some(cursor) = &next_cursor {
        response = response.header("x-next-cursor", cursor).header(LINK, format!("<{api}?{}>; rel=\"next\"", wanted.query_from(cursor)));
    }
    let Range { from, to } = wanted.range;
    let body =
        sheet.into_body(|items| Export { handle: wanted.handle.clone(), r#type: wanted.kind.as_str(), from, to, items, next_cursor })?;
    response.body(body.into()).map_err(Problem::internal)
}
