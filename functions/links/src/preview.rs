//! `POST …/links/{slug}/route-preview`: the redirect's decision for described visits, of the stored link or of a draft.

use std::collections::{BTreeMap, BTreeSet};

use api::{ApiState, Code, JsonBody, LinksRead, Member, PathParam, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::segments;
use domain::links::{Link, LinkSettings, NextPassword};
use domain::routing::{DescribedVisit, PersonalizationRules, PreviewRequest, PreviewedVisits};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId, Slug};
use futures::future::try_join_all;
use serde::Serialize;

use crate::explain::{Preview, explain};
use crate::upsert::{check_campaign, next};

api::request_body!(PreviewBody, "The visit or the visits to decide for.", PreviewRequest::body(), {
    "country": "DE",
    "device": "MOBILE",
    "source": "newsletter",
    "segments": ["returning"],
    "at": "2030-03-01T12:00:00Z"
});

/// Bytes of the decisions in one answer. A Lambda function may answer with 6 MB.
const MAX_RESULT_BYTES: usize = 4 * 1024 * 1024;

/// The decision; of a request with `visits`, all of them.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum PreviewAnswer {
    One(Box<Preview>),
    Many(PreviewResults),
}

/// Decisions, in the order of the visits.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PreviewResults {
    results: Vec<Preview>,
}

/// Decides where visits would be sent, and explains it. Writes nothing and is not charged to the quota.
///
/// With `draft` it decides with those settings in place of the stored ones, also where there is no link yet; a draft is checked like
/// a write, and its bad fields are named `draft.…`. With `visits` it decides for up to 24 visits at once.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/links/{slug}/route-preview",
    tag = "links",
    security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path)),
    request_body = PreviewBody,
    responses((status = 200, description = "The decision; the same for the same request.", body = PreviewAnswer))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    PathParam(slug): PathParam<Slug>,
    JsonBody(body): JsonBody,
) -> Result<Json<PreviewAnswer>, Problem> {
    let PreviewRequest { draft, visits } = PreviewRequest::read(body, &app.settings().own_hosts, app.now())?;
    let (link, rules) = match draft {
        Some(settings) => drafted(&app, member.handle(), &slug, settings).await?,
        None => {
            let (link, rules) = app.store().links().get_with_rules(member.handle(), &slug).await?;
            (link.ok_or_else(|| Problem::not_found("link"))?, rules)
        }
    };
    let used_up = match link.settings.max_clicks {
        Some(most) => u64::from(app.store().limits().clicks_used(&link.handle, link.id).await?) >= most,
        None => false,
    };
    let (visits, is_list) = match visits {
        PreviewedVisits::One(visit) => (vec![*visit], false),
        PreviewedVisits::Many(visits) => (visits, true),
    };
    let decide = |DescribedVisit { visit, at, .. }| explain(&link, &rules, visit, at, used_up);
    let mut results: Vec<Preview> = completed(&app, &link, visits).await?.into_iter().map(decide).collect();
    if !is_list && let Some(result) = results.pop() {
        return Ok(Json(PreviewAnswer::One(Box::new(result))));
    }
    let size = serde_json::to_string(&results).map_or(usize::MAX, |text| text.len());
    if size > MAX_RESULT_BYTES {
        return Err(Problem::new(Code::PayloadTooLarge, "the explanations would be larger than 4 MiB; ask for fewer visits at once"));
    }
    Ok(Json(PreviewAnswer::Many(PreviewResults { results })))
}

/// The link that writing these settings would make, and the handle's rules.
async fn drafted(app: &ApiState, handle: &Handle, slug: &Slug, settings: LinkSettings) -> Result<(Link, PersonalizationRules), Problem> {
    let (stored, rules) = app.store().links().find_with_rules(handle, slug).await?;
    check_campaign(app, handle, &settings, stored.as_ref(), "draft.campaignId").await?;
    Ok((next(app, handle, slug, stored.as_ref(), settings, &NextPassword::Keep), rules))
}

/// The visits with what the request leaves to the system: the link's campaign, and the segments of their sessions.
async fn completed(app: &ApiState, link: &Link, visits: Vec<DescribedVisit>) -> Result<Vec<DescribedVisit>, Problem> {
    let session_of = |visit: &DescribedVisit| Some((visit.visit.session_id.clone().filter(|_| !visit.names_segments)?, visit.visit.at));
    let sessions: BTreeSet<(SessionId, Moment)> = visits.iter().filter_map(session_of).collect();
    let read = async |(session, at): (SessionId, Moment)| {
        let stored = app.store().sessions().get(&link.handle, &session, at).await?;
        Ok::<_, Problem>(((session, at), segments(&stored.session)))
    };
    let known: BTreeMap<_, Vec<String>> = try_join_all(sessions.into_iter().map(read)).await?.into_iter().collect();
    let complete = |mut visit: DescribedVisit| {
        if let Some(segments) = session_of(&visit).and_then(|session| known.get(&session)) {
            visit.visit.segments.clone_from(segments);
        }
        visit.visit.campaign = visit.visit.campaign.or_else(|| link.settings.campaign_id.as_ref().map(ToString::to_string));
        visit
    };
    Ok(visits.into_iter().map(complete).collect())
}
