//! `GET …/links`: a handle's links, by slug or newest first, those that pass a filter.

use api::{ApiState, LinksRead, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::links::{Link, LinkFilter, LinkStatus};
use domain::values::form::{self, Form};
use domain::values::name::Handle;
use serde::Serialize;
use store::LinkOrder;

use crate::view::LinkView;

/// Links that one page of a filtered list looks at.
const MAX_SCANNED: usize = 500;

/// A link in a list.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedLink {
    #[serde(flatten)]
    link: LinkView,
    /// Its state now.
    status: LinkStatus,
}

/// Lists a handle's links.
///
/// A filter is applied to 500 links at a time: a page may have fewer links than `limit`, or none, and still a `nextCursor`.
#[utoipa::path(get, path = "/v2/handles/{handle}/links", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), LinksQuery),
    responses((status = 200, description = "A page of links.", body = ListResponse<ListedLink>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<ListedLink>>, Problem> {
    let (filter, order, paging) = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(fields(form)))?;
    let most = if filter.is_empty() { paging.limit + 1 } else { MAX_SCANNED };
    let stretch = app.store().links().list(member.handle(), order, most, paging.cursor.as_deref()).await?;

    // The number of clicks decides the state of a link with `maxClicks`: it is read of those that the page can show.
    let counted = if filter.status.is_some() { MAX_SCANNED } else { paging.limit };
    let candidates = stretch.intact().filter(|link| filter.passes(link)).take(counted);
    let capped: Vec<_> = candidates.filter(|link| link.settings.max_clicks.is_some()).map(|link| link.id).collect();
    let used = app.store().limits().clicks_used_of(member.handle(), &capped).await?;
    let now = app.now();
    let status = |link: &Link| {
        let is_used_up = link.settings.max_clicks.is_some_and(|most| used.get(&link.id).is_some_and(|used| u64::from(*used) >= most));
        LinkStatus::of(link.closed(now, is_used_up))
    };
    let page = stretch.into_page(paging.limit, |link| filter.passes(link) && filter.status.is_none_or(|wanted| wanted == status(link)));
    Ok(Json(ListResponse::of(page, |link| ListedLink { status: status(&link), link: LinkView::of(link, &app) })))
}

api::query_parameters!(LinksQuery, |form| Some(fields(form)));

fn fields(form: &mut Form<'_>) -> (LinkFilter, LinkOrder, Paging) {
    let orders = form::one_of([("slug", LinkOrder::Slug), ("createdAt", LinkOrder::Newest)]);
    let doc = "slug (when left out), or createdAt: newest first, from an index that is at most a few seconds behind.";
    let order = form.optional("sort", doc, orders).unwrap_or_default();
    (LinkFilter::fields(form), order, Paging::fields(form))
}
