//! `…/chain/rules`: what pages do at which trigger, after which signals.

use axum::Json;
use axum::extract::State;
use domain::audit::Event;
use domain::chain::{Action, LARGEST_BOOK, MOST_RULES, Rule, RuleBook, When};
use domain::name::{Handle, RuleId, Trigger};
use edge::{App, Code, Creator, JsonBody, Listed, Member, Part, PersonalizationRead, Problem, charge};
use http::StatusCode;
use serde_json::{Value, json};

/// Concurrent writers of one handle's rules a write meets before it gives up.
const TRIES: usize = 8;

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

/// Lists a handle's chain rules in the order in which they are looked at; all on one page.
#[utoipa::path(get, path = "/v2/handles/{handle}/chain/rules", tag = "chain", security(("jwt" = []), ("pat" = ["personalization.read"])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The rules.", body = Listed<Rule>)))]
pub(crate) async fn list(State(app): State<App>, member: Member<PersonalizationRead>) -> Result<Json<Listed<Rule>>, Problem> {
    let (book, _) = app.store().chain_rules(member.handle()).await?;
    Ok(Json(Listed { items: book.rules().to_vec(), next_cursor: None }))
}

/// Creates or replaces a chain rule.
#[utoipa::path(put, path = "/v2/handles/{handle}/chain/rules/{ruleId}", tag = "chain", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)), request_body = ChainRuleBody,
    responses((status = 201, description = "Created.", body = Rule), (status = 200, description = "Replaced.", body = Rule),
        (status = 409, description = "Too many rules or concurrent writers.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    member: Member<Creator>,
    Part(rule_id): Part<RuleId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<Rule>), Problem> {
    let rule = Rule::read(rule_id, body, &app.settings().own_hosts)?;
    charge(&app, &member.profile.owner).await?;
    let is_replaced = change(&app, &member, |book| {
        let before = book.insert(rule.clone());
        let size = serde_json::to_string(book).map_or(usize::MAX, |text| text.len());
        if book.rules().len() > MOST_RULES || size > LARGEST_BOOK {
            let message = format!("a handle may have {MOST_RULES} chain rules of {LARGEST_BOOK} bytes in all; remove one first");
            return Err(Problem::new(Code::Conflict, message));
        }
        let action = if before.is_some() { "chain_rule.updated" } else { "chain_rule.created" };
        let event = member.event(&app, action, &rule.rule_id).between(json!(before), json!(rule));
        Ok((before.is_some(), event))
    })
    .await?;
    Ok((if is_replaced { StatusCode::OK } else { StatusCode::CREATED }, Json(rule)))
}

/// Deletes a chain rule.
#[utoipa::path(delete, path = "/v2/handles/{handle}/chain/rules/{ruleId}", tag = "chain", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)),
    responses((status = 204, description = "Deleted."), (status = 409, description = "Too many concurrent writers.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn delete(State(app): State<App>, member: Member<Creator>, Part(rule_id): Part<RuleId>) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found("chain rule");
    let (book, _) = app.store().chain_rules(member.handle()).await?;
    if !book.rules().iter().any(|rule| rule.rule_id == rule_id) {
        return Err(missing());
    }
    charge(&app, &member.profile.owner).await?;
    change(&app, &member, |book| {
        let before = book.remove(&rule_id).ok_or_else(missing)?;
        Ok(((), member.event(&app, "chain_rule.deleted", &rule_id).between(json!(before), Value::Null)))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the rules under their version, again if somebody else did in between; `edit` also tells the audit event of it.
async fn change<T>(app: &App, member: &Member<Creator>, edit: impl Fn(&mut RuleBook) -> Result<(T, Event), Problem>) -> Result<T, Problem> {
    for _ in 0..TRIES {
        let (mut book, version) = app.store().chain_rules(member.handle()).await?;
        let (outcome, event) = edit(&mut book)?;
        if app.store().save_chain_rules(member.handle(), &book, version, &event).await? {
            return Ok(outcome);
        }
    }
    Err(Problem::new(Code::Conflict, "many writers are changing these rules at once; try again"))
}
