//! `…/personalization-rules`: a handle's rules, looked at when none of a link's own matches.

use axum::Json;
use axum::extract::State;
use domain::audit::Event;
use domain::name::{Handle, RuleId};
use domain::routing::{Conditions, MOST_PERSONALIZATION_RULES, PersonalizationRule, RuleBook, Variant};
use edge::{App, Code, Creator, JsonBody, Listed, Member, Part, PersonalizationRead, Problem, charge};
use http::StatusCode;
use serde_json::{Value, json};

/// Concurrent writers of one handle's rules a write meets before it gives up.
const TRIES: usize = 8;
/// All rules of a handle are one item, and an item may have 400 KB.
const LARGEST_BOOK: usize = 300 * 1024;

/// A rule to write.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct RuleBody {
    /// The lowest number is looked at first, equal ones by id; 0 when left out.
    priority: Option<i64>,
    /// True when left out.
    enabled: Option<bool>,
    /// What it asks; always matches when left out.
    when: Option<Conditions>,
    /// What it shows.
    variant: Variant,
}

/// Lists a handle's personalization rules in the order in which they are looked at; all on one page.
#[utoipa::path(get, path = "/v2/handles/{handle}/personalization-rules", tag = "rules", security(("jwt" = []), ("pat" = ["personalization.read"])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The rules.", body = Listed<PersonalizationRule>)))]
pub(crate) async fn list(
    State(app): State<App>,
    member: Member<PersonalizationRead>,
) -> Result<Json<Listed<PersonalizationRule>>, Problem> {
    let (book, _) = app.store().rule_book(member.handle()).await?;
    Ok(Json(Listed { items: book.rules().to_vec(), next_cursor: None }))
}

/// Creates or replaces a personalization rule.
#[utoipa::path(put, path = "/v2/handles/{handle}/personalization-rules/{ruleId}", tag = "rules", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)), request_body = RuleBody,
    responses((status = 201, description = "Created.", body = PersonalizationRule), (status = 200, description = "Replaced.", body = PersonalizationRule),
        (status = 409, description = "Too many rules or concurrent writers.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    member: Member<Creator>,
    Part(rule_id): Part<RuleId>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<PersonalizationRule>), Problem> {
    let rule = PersonalizationRule::read(rule_id, body, &app.settings().own_hosts)?;
    charge(&app, &member.profile.owner).await?;
    let replaced = change(&app, &member, |book| {
        let before = book.insert(rule.clone());
        let size = serde_json::to_string(book).map_or(usize::MAX, |text| text.len());
        if book.rules().len() > MOST_PERSONALIZATION_RULES || size > LARGEST_BOOK {
            return Err(Problem::new(
                Code::Conflict,
                format!("a handle may have {MOST_PERSONALIZATION_RULES} rules of {LARGEST_BOOK} bytes in all; remove one first"),
            ));
        }
        let action = if before.is_some() { "rule.updated" } else { "rule.created" };
        let event = member.event(&app, action, &rule.rule_id).between(json!(before), json!(rule));
        Ok((before.is_some(), event))
    })
    .await?;
    Ok((if replaced { StatusCode::OK } else { StatusCode::CREATED }, Json(rule)))
}

/// Deletes a personalization rule.
#[utoipa::path(delete, path = "/v2/handles/{handle}/personalization-rules/{ruleId}", tag = "rules", security(("jwt" = [])),
    params(("handle" = Handle, Path), ("ruleId" = RuleId, Path)),
    responses((status = 204, description = "Deleted."), (status = 409, description = "Too many concurrent writers.", body = edge::openapi::ErrorBody)))]
pub(crate) async fn delete(State(app): State<App>, member: Member<Creator>, Part(rule_id): Part<RuleId>) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found("rule");
    let (book, _) = app.store().rule_book(member.handle()).await?;
    if !book.rules().iter().any(|rule| rule.rule_id == rule_id) {
        return Err(missing());
    }
    charge(&app, &member.profile.owner).await?;
    change(&app, &member, |book| {
        let before = book.remove(&rule_id).ok_or_else(missing)?;
        Ok(((), member.event(&app, "rule.deleted", &rule_id).between(json!(before), Value::Null)))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the rules under their version, again if somebody else did in between; `edit` also tells the audit event of it.
async fn change<T>(app: &App, member: &Member<Creator>, edit: impl Fn(&mut RuleBook) -> Result<(T, Event), Problem>) -> Result<T, Problem> {
    for _ in 0..TRIES {
        let (mut book, version) = app.store().rule_book(member.handle()).await?;
        let (outcome, event) = edit(&mut book)?;
        if app.store().save_rule_book(member.handle(), &book, version, &event).await? {
            return Ok(outcome);
        }
    }
    Err(Problem::new(Code::Conflict, "many writers are changing these rules at once; try again"))
}
