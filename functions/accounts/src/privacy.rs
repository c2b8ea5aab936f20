//! `…/privacy/erase` and `…/privacy/export`: a person's data, named by a session, an order or a click (specification §2.7).

use api::{ApiState, Code, JsonBody, ListResponse, Member, Owner, Problem};
use axum::Json;
use axum::extract::{RawQuery, State};
use domain::privacy::{Erasure, MAX_UNDER_WAY, Selector, Traces};
use domain::values::form::{self, Form};
use domain::values::id::ErasureId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Page, PersonRecord, Span, WalkPosition, decode_cursor, encode_cursor};

/// Pages of records that one answer of an export looks at.
const MAX_PAGES: usize = 64;
/// Records that one answer has; one more page may make them more.
const MAX_RECORDS: usize = 200;

api::request_body!(ErasureBody, "The person, by exactly one of these.", Selector::body(), {"sessionId": "visitor-7f3a"});

/// A request to erase a person's data.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErasureReceipt {
    /// Its id: the target of its audit events `privacy.erase_requested` and `privacy.erased`.
    erasure_id: ErasureId,
    requested_at: Moment,
    /// By then it is done, usually within minutes.
    erased_by: Moment,
    /// Until then it is repeated once a day, for clicks that were still waiting in a queue.
    repeated_until: Moment,
}

/// Erases what is personal in the records of a person up to now. All sums stay as they are.
///
/// A conversion and a click also name the session they were made in, and so all of its records. Not charged.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/privacy/erase",
    tag = "privacy",
    security(("jwt" = [])),
    params(("handle" = Handle, Path)),
    request_body = ErasureBody,
    responses(
        (status = 202, description = "Requested.", body = ErasureReceipt),
        (status = 409, description = "Fifty erasures of the handle are under way.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn erase(
    State(app): State<ApiState>,
    member: Member<Owner>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<ErasureReceipt>), Problem> {
    let selector = Selector::read(body)?;
    let now = app.now();
    let mut traces = Traces::new(format!("{:032x}", app.random()), now);
    let sessions = app.store().privacy().find(member.handle(), &selector, &mut traces).await?.ok_or_else(no_conversion)?;
    if app.store().privacy().under_way(member.handle(), MAX_UNDER_WAY).await? >= MAX_UNDER_WAY {
        return Err(Problem::new(Code::Conflict, "fifty erasures of this handle are under way; ask again in some minutes"));
    }
    let first_day = member.profile.created_at.day().plus(-1);
    let id = ErasureId::new(now, app.random());
    let erasure = Erasure { id, handle: member.handle().clone(), first_day, traces, sessions, erased: Default::default() };
    // Neither the event nor its id names the person.
    let event = member.event(&app, "privacy.erase_requested", id).with_states(None, Some(json!({"by": selector.name()})));
    if !app.store().privacy().request(&erasure, &event, now).await? {
        return Err(Problem::new(Code::Conflict, "the request could not be stored; repeat it"));
    }
    let receipt =
        ErasureReceipt { erasure_id: id, requested_at: now, erased_by: now.plus_days(1), repeated_until: erasure.repeated_until() };
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

/// A record of a person.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonRecordView {
    /// `signal`, `conversion` or `click`.
    kind: &'static str,
    /// Everything that is stored of it.
    #[schema(value_type = Object)]
    record: Value,
}

/// Exports the records of a person: the signals of the sessions, the conversions with their ledgers, the clicks.
///
/// An answer looks at a part of the handle's records: it may have no items and still a `nextCursor`. Each first page is audited.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/privacy/export",
    tag = "privacy",
    security(("jwt" = [])),
    params(("handle" = Handle, Path), ExportQuery),
    responses((status = 200, description = "A page of the person's records.", body = ListResponse<PersonRecordView>))
)]
pub(crate) async fn export(
    State(app): State<ApiState>,
    member: Member<Owner>,
    RawQuery(query): RawQuery,
) -> Result<Json<ListResponse<PersonRecordView>>, Problem> {
    let (selector, cursor) = form::read_query(query.as_deref().unwrap_or_default(), fields)?;
    let (handle, now) = (member.handle(), app.now());
    let mut traces = Traces::new(String::new(), now);
    let sessions = app.store().privacy().find(handle, &selector, &mut traces).await?.ok_or_else(no_conversion)?;
    let span = Span { first: member.profile.created_at.day().plus(-1), last: now.day() };
    let list = format!("privacy {handle} {selector:?}");
    let mut items = Vec::new();
    let mut position = match decode_cursor(&list, cursor.as_deref())? {
        Some(position) => serde_json::from_str(&position).map_err(|_| Problem::from(store::Error::ForeignCursor))?,
        None => {
            for session in &sessions {
                let kept = app.store().sessions().get(handle, session, now).await?;
                items.extend(kept.session.signals().iter().map(|signal| PersonRecordView { kind: "signal", record: json!(signal) }));
            }
            let event = member.event(&app, "privacy.exported", handle).with_states(None, Some(json!({"by": selector.name()})));
            app.store().audit_log().record(handle, &event).await?;
            span.start()
        }
    };
    for _ in 0..MAX_PAGES {
        if position == WalkPosition::End || items.len() >= MAX_RECORDS {
            break;
        }
        let (records, next) = app.store().privacy().walk(handle, &traces, span, position).await?;
        items.extend(records.iter().map(view));
        position = next;
    }
    let next = (position != WalkPosition::End).then(|| encode_cursor(&list, &json!(position).to_string()));
    Ok(Json(ListResponse::of(Page::new(items, next), |record| record)))
}

api::query_parameters!(ExportQuery, fields);

fn fields(form: &mut Form<'_>) -> Option<(Selector, Option<String>)> {
    let cursor = form.optional("cursor", "The `nextCursor` of the page before.", form::text(1..=2_000));
    Some((Selector::fields(form)?, cursor))
}

fn view(record: &PersonRecord) -> PersonRecordView {
    match record {
        PersonRecord::Click(click) | PersonRecord::ParkedClick(click) => PersonRecordView { kind: "click", record: json!(click.click) },
        PersonRecord::Conversion(found) => {
            let adjustments: Vec<Value> = found.adjustments.iter().map(|adjustment| json!(adjustment.adjustment)).collect();
            let stored = &found.stored;
            let record = json!({
                "conversion": stored.conversion, "confirmed": stored.confirmed, "origin": stored.origin, "adjustments": adjustments,
            });
            PersonRecordView { kind: "conversion", record }
        }
    }
}

fn no_conversion() -> Problem {
    Problem::not_found("conversion of this key")
}
