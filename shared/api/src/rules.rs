//! Rule sets behind routes: listing, writing and deleting rules of either kind, each write with its audit event.

use axum::Json;
use domain::accounts::audit::AuditEvent;
use domain::links::rule_set::{MAX_RULE_SET_BYTES, MAX_RULES, RuleSet};
use domain::values::name::RuleId;
use http::StatusCode;
use serde_json::{Value, json};
use store::{Page, StoredRule};

use crate::code::Code;
use crate::problem::Problem;
use crate::{Access, ApiState, Creator, ListResponse, Member, Paging, charge};

/// A handle's rules in the order of evaluation.
///
/// # Errors
/// When the cursor is not one of this list, or the store cannot be reached.
pub async fn list_rules<R: StoredRule, A: Access>(
    app: &ApiState,
    member: &Member<A>,
    paging: &Paging,
) -> Result<Json<ListResponse<R>>, Problem> {
    let (set, _) = app.store().rule_sets().get::<R>(member.handle()).await?;
    let place = |rule: &R| format!("{:020}#{}", rule.priority(), rule.rule_id());
    let (list, cursor) = (R::key(member.handle()).pk, paging.cursor.as_deref());
    let page = Page::paginate(&list, set.rules().to_vec(), paging.limit, cursor, place)?;
    let page = page.with_damaged(set.damaged().map(str::to_owned).collect(), cursor);
    Ok(Json(ListResponse::of(page, |rule| rule)))
}

/// Creates (201) or replaces (200) a rule.
///
/// # Errors
/// When the day's writes are used up, the set is full, or too many write it at once.
pub async fn put_rule<R: StoredRule>(app: &ApiState, member: &Member<Creator>, rule: R) -> Result<(StatusCode, Json<R>), Problem> {
    charge(app, &member.profile.owner).await?;
    let is_replaced = change(app, member, |set: &mut RuleSet<R>| {
        let is_damaged = set.remove_damaged(rule.rule_id());
        let before = set.insert(rule.clone());
        let is_replaced = is_damaged || before.is_some();
        let size = serde_json::to_string(set).map_or(usize::MAX, |text| text.len());
        if set.size() > MAX_RULES || size > MAX_RULE_SET_BYTES {
            let message =
                format!("a handle may have {MAX_RULES} {}s of {MAX_RULE_SET_BYTES} bytes in all; remove one first", R::DISPLAY_NAME);
            return Err(Problem::new(Code::Conflict, message));
        }
        let action = format!("{}.{}", R::AUDIT_NAME, if is_replaced { "updated" } else { "created" });
        let before = if is_damaged { damaged_state() } else { json!(before) };
        let event = member.event(app, &action, rule.rule_id()).between(before, json!(rule));
        Ok((is_replaced, event))
    })
    .await?;
    Ok((if is_replaced { StatusCode::OK } else { StatusCode::CREATED }, Json(rule)))
}

/// Deletes a rule.
///
/// # Errors
/// When there is none of this name, the day's writes are used up, or too many write the set at once.
pub async fn delete_rule<R: StoredRule>(app: &ApiState, member: &Member<Creator>, rule_id: &RuleId) -> Result<StatusCode, Problem> {
    let missing = || Problem::not_found(R::DISPLAY_NAME);
    let (set, _) = app.store().rule_sets().get::<R>(member.handle()).await?;
    let is_known = set.rules().iter().any(|rule| rule.rule_id() == rule_id) || set.damaged().any(|name| name == rule_id.as_str());
    if !is_known {
        return Err(missing());
    }
    charge(app, &member.profile.owner).await?;
    change(app, member, |set: &mut RuleSet<R>| {
        let is_damaged = set.remove_damaged(rule_id);
        let before = set.remove(rule_id).map(|rule| json!(rule)).or_else(|| is_damaged.then(damaged_state)).ok_or_else(missing)?;
        let event = member.event(app, &format!("{}.deleted", R::AUDIT_NAME), rule_id).between(before, Value::Null);
        Ok(((), event))
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the audit log records of something that could not be decoded.
pub fn damaged_state() -> Value {
    json!({"damaged": true})
}

/// Changes a set under its version, again if another writer changed it in between; `edit` also returns the audit event of it.
async fn change<R: StoredRule, T>(
    app: &ApiState,
    member: &Member<Creator>,
    edit: impl Fn(&mut RuleSet<R>) -> Result<(T, AuditEvent), Problem>,
) -> Result<T, Problem> {
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let (mut set, version) = app.store().rule_sets().get(member.handle()).await?;
        let (outcome, event) = edit(&mut set)?;
        if app.store().rule_sets().save(member.handle(), &set, version, &event).await? {
            return Ok(outcome);
        }
    }
    Err(Problem::new(Code::Conflict, "many writers are changing these rules at once; try again"))
}
