//! `…/chain/rules`: what pages do at a trigger, depending on earlier signals.

use api::{ApiState, Creator, JsonBody, ListResponse, Member, Paging, PathParam, PersonalizationRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::{Action, Rule, When};
use domain::values::name::{Handle, RuleId, Trigger};
use http::StatusCode;

/// A rule to write.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChainRuleBody {
    /// When it is looked at, such as `checkout`.
    trigger: Trigger,
    /// The lowest number is looked at first, equal ones by id; 0 when left out.
    priority: Option<i64>,
    /// True when left out.
    enabled: Option<bool>,
    /// What it asks; always matches when left out.
    when: Option<When>,
    action: Action,
    /// For how long a page may go by it; 300 when left out.
    ttl_seconds: Option<u32>,
}

/// Lists a handle's chain rules in the order of evaluation.
#[utoipa::path(get, path = "/v2/handles/{handle}/chain/rules", tag = "chain", security(("jwt" = []), ("pat" = ["personalization.read"])), params(("handle" = Handle, Path),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100), ("cursor" = Option<String>, Query)),
    responses((status = 200, description = "A page of the rules.", body = ListResponse<Rule>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<PersonalizationRead>,
    paging: Paging,
) -> Result<Json<ListResponse<Rule>>, Problem> {
    api::list_rules(&app, &member, &paging).await
}

/// Creates or replaces a chain rule.
#[utoipa::path(put, path = "/v2/handles/{handle}/chain/rules/{ruleId}", tag = "chain", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)), request_body = ChainRuleBody,
    responses((status = 201, description = "Created.", body = Rule), (status = 200, description = "Replaced.", body = Rule),
        (status = 409, description = "Too many rules or concurrent writers.", body = api::openapi::ErrorBody)))]
pub(crate) async fn put(
    State(app): State<ApiState>,
    member: Member<Creator>,
    PathParam(rule_id): PathParam<RuleId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Rule>), Problem> {
    api::put_rule(&app, &member, Rule::read(rule_id, body, &app.settings().own_hosts)?).await
}

/// Deletes a chain rule.
#[utoipa::path(delete, path = "/v2/handles/{handle}/chain/rules/{ruleId}", tag = "chain", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)),
    responses((status = 204, description = "Deleted."), (status = 409, description = "Too many concurrent writers.", body = api::openapi::ErrorBody)))]
pub(crate) async fn delete(
    State(app): State<ApiState>,
    member: Member<Creator>,
    PathParam(rule_id): PathParam<RuleId>,
) -> Result<StatusCode, Problem> {
    api::delete_rule::<Rule>(&app, &member, &rule_id).await
}
