//! `…/personalization-rules`: a handle's rules, evaluated when none of a link's own rules matches.

use api::{ApiState, Creator, JsonBody, ListResponse, Member, Paging, PathParam, PersonalizationRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::routing::PersonalizationRule;
use domain::values::name::{Handle, RuleId};
use http::StatusCode;

api::request_body!(RuleBody, "A personalization rule to write.", PersonalizationRule::body(), {
    "priority": 10,
    "when": {"deviceIn": ["MOBILE"], "segmentIn": ["returning"]},
    "variant": {"id": "app", "destinationUrl": "https://shop.example/app"}
});

/// Lists a handle's personalization rules in the order of evaluation.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/personalization-rules",
    tag = "rules",
    security(("jwt" = []), ("pat" = ["personalization.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of the rules.", body = ListResponse<PersonalizationRule>))
)]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<PersonalizationRead>,
    paging: Paging,
) -> Result<Json<ListResponse<PersonalizationRule>>, Problem> {
    api::list_rules(&app, &member, &paging).await
}

/// Creates or replaces a personalization rule.
#[utoipa::path(
    put,
    path = "/v2/handles/{handle}/personalization-rules/{ruleId}",
    tag = "rules",
    security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)),
    request_body = RuleBody,
    responses(
        (status = 201, description = "Created.", body = PersonalizationRule),
        (status = 200, description = "Replaced.", body = PersonalizationRule),
        (status = 409, description = "Too many rules or concurrent writers.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn put(
    State(app): State<ApiState>,
    member: Member<Creator>,
    PathParam(rule_id): PathParam<RuleId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<PersonalizationRule>), Problem> {
    api::put_rule(&app, &member, PersonalizationRule::read(rule_id, body, &app.settings().own_hosts)?).await
}

/// Deletes a personalization rule.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}/personalization-rules/{ruleId}",
    tag = "rules",
    security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)),
    responses(
        (status = 204, description = "Deleted."),
        (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody),
    )
)]
pub(crate) async fn delete(
    State(app): State<ApiState>,
    member: Member<Creator>,
    PathParam(rule_id): PathParam<RuleId>,
) -> Result<StatusCode, Problem> {
    api::delete_rule::<PersonalizationRule>(&app, &member, &rule_id).await
}
