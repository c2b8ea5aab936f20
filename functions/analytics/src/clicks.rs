//! `GET …/clicks`: a handle's clicks, newest first, as exports have them.

use api::{AnalyticsRead, ApiState, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::clicks::Click;
use domain::reports::{Dimension, Selection};
use domain::values::form::{self, Form};
use domain::values::id::ClickId;
use domain::values::moment::{Day, MAX_CLOCK_SKEW_MS, Moment};
use domain::values::name::{CampaignId, Handle, Slug};
use store::{Found, Page, Store};

use crate::export::ClickRow;
use crate::figures::report;

/// Clicks that one page looks at.
const MAX_SCANNED: usize = 2000;
/// Clicks that one page of a filtered list is expected to look at.
const EXPECTED_OF_FILTER: usize = 512;
/// Days a list may cover.
const MAX_DAYS: i64 = 400;
/// Days a list covers when `since` is left out.
const DEFAULT_DAYS: i64 = 30;

/// The clicks a list shows.
struct Wanted {
    slug: Option<Slug>,
    campaign: Option<CampaignId>,
    is_bot: Option<bool>,
    since: Moment,
    until: Moment,
    paging: Paging,
}

api::query_parameters!(ClicksQuery, |form| Some(Wanted::fields(form, Moment::from_millis(0))));

impl Wanted {
    fn fields(form: &mut Form<'_>, now: Moment) -> Self {
        let slug = form.optional("slug", "Only clicks on this link.", form::parsed());
        let campaign = form.optional("campaignId", "Only clicks that are credited to this campaign.", form::parsed());
        let verdicts = form::one_of([("human", false), ("bot", true)]);
        let is_bot = form.optional("verdict", "Only clicks of people, or only of bots.", verdicts);
        let latest = now.plus_millis(MAX_CLOCK_SKEW_MS);
        let until = form.optional("until", "Clicks up to this moment; now when left out.", form::parsed()).unwrap_or(latest).min(latest);
        let doc = "Clicks from this moment on; 30 days before `until` when left out, and at most 400.";
        let since = form.optional("since", doc, form::parsed()).unwrap_or_else(|| until.plus_days(-DEFAULT_DAYS));
        if until < since || since < until.plus_days(-MAX_DAYS) {
            form.fault("since", format!("must not be after until, nor more than {MAX_DAYS} days before it"));
        }
        Self { slug, campaign, is_bot, since, until, paging: Paging::fields(form) }
    }

    fn passes(&self, click: &Click) -> bool {
        self.slug.as_ref().is_none_or(|slug| click.slug == *slug)
            && self.campaign.as_ref().is_none_or(|campaign| click.campaign_id.as_ref() == Some(campaign))
            && self.is_bot.is_none_or(|is_bot| click.bot == is_bot)
    }

    /// Clicks that a reader of one page takes at once.
    fn expected(&self) -> usize {
        let is_filtered = self.slug.is_some() || self.campaign.is_some() || self.is_bot.is_some();
        if is_filtered { EXPECTED_OF_FILTER } else { self.paging.limit + 1 }
    }
}

/// Lists a handle's clicks, newest first, with the fields of the export. Every plan has it.
///
/// A page looks at 2,000 clicks at most: with a filter it may have fewer than `limit`, or none, and still a `nextCursor`.
#[utoipa::path(get, path = "/v2/handles/{handle}/clicks", tag = "analytics", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ClicksQuery),
    responses((status = 200, description = "A page of clicks.", body = ListResponse<ClickRow>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<AnalyticsRead>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<ClickRow>>, Problem> {
    let now = app.now();
    let wanted = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(Wanted::fields(form, now)))?;
    let page = page(app.store(), member.handle(), &wanted).await?;
    Ok(Json(ListResponse::of(page, ClickRow::of)))
}

async fn page(store: &Store, handle: &Handle, wanted: &Wanted) -> Result<Page<Click>, Problem> {
    let list = format!("CLICKS#{handle}");
    let last = store::decode_cursor(&list, wanted.paging.cursor.as_deref())?.and_then(|id| id.parse::<ClickId>().ok());
    let end = ClickId::new(wanted.until.plus_millis(1), 0);
    let mut before = last.map_or(end, |last| last.min(end));
    let begin = ClickId::new(wanted.since, 0).to_string();
    let (mut items, mut damaged, mut looked_at) = (Vec::new(), Vec::new(), 0);
    for day in days(store, handle, wanted, before.moment().day()).await? {
        let mut clicks = store.clicks().newest_first(handle, day, before, wanted.expected());
        while let Some((id, click)) = clicks.next_found().await?.filter(|(id, _)| *id >= begin) {
            if items.len() == wanted.paging.limit || looked_at == MAX_SCANNED {
                return Ok(Page { items, next_cursor: Some(store::encode_cursor(&list, &before.to_string())), damaged });
            }
            looked_at += 1;
            before = id.parse().unwrap_or(before);
            match click {
                Found::Intact(click) if wanted.passes(&click) => items.push(click),
                Found::Intact(_) => {}
                Found::Damaged(_) => damaged.push(id),
            }
        }
    }
    Ok(Page { items, next_cursor: None, damaged })
}

/// The days up to `newest` that have such clicks according to the rollups, newest first: days without any cost nothing.
async fn days(store: &Store, handle: &Handle, wanted: &Wanted, newest: Day) -> Result<Vec<Day>, Problem> {
    if newest < wanted.since.day() {
        return Ok(Vec::new());
    }
    let selection = Selection::of(wanted.campaign.clone(), wanted.slug.clone());
    let cells = store.rollups().read(handle, &selection, Some(Dimension::Day), wanted.since.day(), newest).await?;
    let has_clicks = |clicks: i128, bots: i128| match wanted.is_bot {
        None => clicks > 0,
        Some(true) => bots > 0,
        Some(false) => clicks > bots,
    };
    let rows = report(&cells, Dimension::Day).rows.into_iter().filter(|(_, figures)| has_clicks(figures.clicks, figures.bot_clicks));
    let mut days: Vec<Day> = rows.filter_map(|(day, _)| day.parse().ok()).collect();
    days.sort_by(|one, other| other.cmp(one));
    Ok(days)
}
