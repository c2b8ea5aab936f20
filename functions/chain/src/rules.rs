//! `…/chain/rules`: what pages do at a trigger, depending on earlier signals.

use api::{ApiState, Creator, JsonBody, ListResponse, Member, Paging, PathParam, PersonalizationRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::ChainRule;
use domain::values::name::{Handle, RuleId};
use http::StatusCode;

api::request_body!(ChainRuleBody, "A chain rule to write.", ChainRule::body(), {
    "trigger": "checkout",
    "priority": 10,
    "when": {"all": [{"signalKey": "view", "minCount": 2, "withinSeconds": 86400}], "none": [{"segmentIn": ["converted"]}]},
    "action": {"type": "banner", "title": "Still thinking?", "destinationUrl": "https://shop.example/offer"},
    "ttlSeconds": 60
});

/// Lists a handle's chain rules in the order of evaluation.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/chain/rules",
    tag = "chain",
    security(("jwt" = []), ("pat" = ["personalization.read"])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of the rules.", body = ListResponse<ChainRule>))
)]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<PersonalizationRead>,
    paging: Paging,
) -> Result<Json<ListResponse<ChainRule>>, Problem> {
    api::list_rules(&app, &member, &paging).await
}

/// Creates or replaces a chain rule.
#[utoipa::path(put, path = "/v2/handles/{handle}/chain/rules/{ruleId}", tag = "chain", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)), request_body = ChainRuleBody,
    responses((status = 201, description = "Created.", body = ChainRule), (status = 200, description = "Replaced.", body = ChainRule),
        (status = 409, description = "Too many rules or concurrent writers.", body = api::openapi::ErrorBody)))]
pub(crate) async fn put(
    State(app): State<ApiState>,
    member: Member<Creator>,
    PathParam(rule_id): PathParam<RuleId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<ChainRule>), Problem> {
    api::put_rule(&app, &member, ChainRule::read(rule_id, body, &app.settings().own_hosts)?).await
}

/// Deletes a chain rule.
#[utoipa::path(
    delete,
    path = "/v2/handles/{handle}/chain/rules/{ruleId}",
    tag = "chain",
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
    api::delete_rule::<ChainRule>(&app, &member, &rule_id).await
}
