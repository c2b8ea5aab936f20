//! `GET …/conversions`: a handle's conversions, newest first, those that pass a filter.

use api::{ApiState, ConversionsRead, ListResponse, Member, Paging, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::conversions::ConversionFilter;
use domain::values::form::{self, Form};
use domain::values::moment::{Day, MAX_CLOCK_SKEW_MS};
use domain::values::name::Handle;
use store::{Paged, StoredConversion};

use crate::view::{ConversionDetail, is_counted};

/// Lists a handle's conversions, newest first.
///
/// With a filter other than by days a page looks at about 1,000 conversions: it may have fewer than `limit`, or none, and still a
/// `nextCursor`. With `idempotencyKey` the answer has the conversions of that key: one, or also those from before its last 365 days.
#[utoipa::path(get, path = "/v2/handles/{handle}/conversions", tag = "conversions", security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ConversionsQuery),
    responses((status = 200, description = "A page of conversions.", body = ListResponse<ConversionDetail>)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsRead>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<ConversionDetail>>, Problem> {
    let (filter, paging) = form::read_query(query.as_deref().unwrap_or_default(), |form| Some(fields(form)))?;
    let passes = |stored: &StoredConversion| filter.passes(stored.current(), is_counted(stored));
    let conversions = app.store().conversions();
    let page = match &filter.key {
        Some(_) if paging.cursor.is_some() => return Err(Problem::field("cursor", "does not go with idempotencyKey, which has one page")),
        Some(key) => conversions.of_key(member.handle(), &key.digest()).await?.into_page(usize::MAX, passes),
        None => {
            // An id is made shortly before or after the moment of acceptance.
            let latest = app.now().plus_millis(MAX_CLOCK_SKEW_MS);
            let within = |day: Day| day.clamp(member.profile.created_at.day().min(latest.day()), latest.day());
            let oldest = filter.from.map_or(member.profile.created_at.day(), within).start().plus_millis(-MAX_CLOCK_SKEW_MS);
            let newest = filter.to.map_or(latest, |to| within(to).plus(1).start().plus_millis(MAX_CLOCK_SKEW_MS).min(latest));
            let paged = Paged { limit: paging.limit, cursor: paging.cursor.as_deref(), is_filtered: filter.names_content() };
            conversions.list(member.handle(), (oldest, newest), paged, passes).await?
        }
    };
    Ok(Json(ListResponse::of(page, ConversionDetail::of)))
}

api::query_parameters!(ConversionsQuery, |form| Some(fields(form)));

fn fields(form: &mut Form<'_>) -> (ConversionFilter, Paging) {
    (ConversionFilter::fields(form), Paging::fields(form))
}
