//! `POST …/links:batch`: many links in one request, each charged, written and answered by itself.

use api::{ApiState, JsonBody, LinksWrite, Member, Problem, charge};
use axum::Json;
use axum::extract::State;
use domain::links::{BatchedLink, Link, LinkBatch, NextPassword};
use domain::values::name::{Handle, Slug};
use futures::StreamExt;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;
use store::Found;

use crate::upsert::{present, write};
use crate::view::LinkView;

api::request_body!(LinkBatchBody, "Links to write.", LinkBatch::body(), {
    "links": [
        {"slug": "spring", "destinationUrl": "https://shop.example/spring", "title": "Spring sale"},
        {"slug": "summer", "destinationUrl": "https://shop.example/summer", "tags": ["summer"]}
    ]
});

/// Links that are read or written at the same time.
const AT_ONCE: usize = 8;

/// What became of each link, in the order of the request.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BatchResults {
    results: Vec<BatchResult>,
}

/// What became of a link: `link` where it was written, else `error`.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchResult {
    /// The slug; null where it cannot be read.
    slug: Option<Slug>,
    /// The status that the link alone would be answered with: 201 created, 200 replaced, else that of the error.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkView>,
    /// The error, as the link alone would be answered with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<api::openapi::ErrorBody>)]
    error: Option<Value>,
}

/// A link on its way: what is stored in its place, until it is refused or written.
struct Row {
    slug: Option<Slug>,
    progress: Result<(BatchedLink, Option<Found<Link>>), Problem>,
}

/// Creates or replaces up to 100 links.
///
/// The answer is 200 with a result for each link, in their order. Each is checked, charged, written and audited by itself: one that is
/// refused, also because the day's writes are used up, stops no other. Passwords are not written in batches; those there are stay.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/links:batch",
    tag = "links",
    security(("jwt" = []), ("pat" = ["links.write"])),
    params(("handle" = Handle, Path)),
    request_body = LinkBatchBody,
    responses((status = 200, description = "What became of each link.", body = BatchResults))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksWrite>,
    JsonBody(body): JsonBody,
) -> Result<Json<BatchResults>, Problem> {
    let slugs: Vec<Option<Slug>> = slugs_of(&body);
    let LinkBatch(links) = LinkBatch::read(body, &app.settings().own_hosts)?;
    let load = async |(slug, link): (Option<Slug>, Result<BatchedLink, _>)| {
        let progress = match link {
            Ok(link) => {
                let stored = present(&app, member.handle(), &link.slug, &link.settings, &HeaderMap::new()).await;
                stored.map(|stored| (link, stored))
            }
            Err(faults) => Err(Problem::from(faults)),
        };
        Row { slug, progress }
    };
    let mut rows: Vec<Row> = futures::stream::iter(slugs.into_iter().zip(links)).map(load).buffered(AT_ONCE).collect().await;
    // One after another, so that the first links are written where not all of them can be.
    for row in &mut rows {
        if row.progress.is_ok()
            && let Err(problem) = charge(&app, &member.profile.owner).await
        {
            row.progress = Err(problem);
        }
    }
    let finish = async |Row { slug, progress }: Row| {
        let written = match progress {
            Ok((BatchedLink { slug, settings }, stored)) => {
                write(&app, &member, &slug, (settings, NextPassword::Keep), stored, &HeaderMap::new()).await
            }
            Err(problem) => Err(problem),
        };
        result_of(&app, &member, slug, written)
    };
    let results = futures::stream::iter(rows).map(finish).buffered(AT_ONCE).collect().await;
    Ok(Json(BatchResults { results }))
}

/// The slugs of a body's links, as far as they can be read.
fn slugs_of(body: &Value) -> Vec<Option<Slug>> {
    let links = body.get("links").and_then(Value::as_array);
    links.into_iter().flatten().map(|link| link.get("slug")?.as_str()?.parse().ok()).collect()
}

fn result_of(app: &ApiState, member: &Member<LinksWrite>, slug: Option<Slug>, written: Result<(StatusCode, Link), Problem>) -> BatchResult {
    match written {
        Ok((status, link)) => BatchResult { slug, status: status.as_u16(), link: Some(LinkView::of(link, app)), error: None },
        Err(problem) => {
            if let Some(causes) = problem.causes() {
                tracing::error!(causes, "a link of a batch was not written");
            }
            let error = Some(problem.body(&member.request_id.to_string()));
            BatchResult { slug, status: problem.code().status().as_u16(), link: None, error }
        }
    }
}
