//! Audit events: who did what to which object (specification §12).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::form::{self, Form};
use crate::values::id::{AuditId, RequestId};
use crate::values::moment::Moment;

/// Days an audit event is kept.
pub const KEPT_DAYS: i64 = 400;

/// What kind of caller acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ActorKind {
    /// A user with a bearer token.
    Jwt,
    /// A program with a personal access token.
    Pat,
    /// A public call without login, or the system itself.
    System,
}

/// The caller who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// The kind of caller.
    pub kind: ActorKind,
    /// The user, token or part of the system.
    pub id: String,
}

/// One audit event; it never carries a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Its id.
    pub audit_id: AuditId,
    /// The moment of the action.
    pub at: Moment,
    /// The caller who acted.
    pub actor: Actor,
    /// What was done, such as `conversion.mismatch`.
    pub action: String,
    /// The object it was done to.
    pub target: String,
    /// Its state before, as far as it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub before: Option<Value>,
    /// Its state after, or the requested one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub after: Option<Value>,
    /// The request that did it.
    pub request_id: RequestId,
}

impl AuditEvent {
    /// Something `actor` did, without the states of its target: add those with [`AuditEvent::between`] or [`AuditEvent::with_states`].
    pub fn new(audit_id: AuditId, at: Moment, actor: Actor, action: &str, target: impl ToString, request_id: RequestId) -> Self {
        Self { audit_id, at, actor, action: action.to_owned(), target: target.to_string(), before: None, after: None, request_id }
    }

    /// Something the system did by itself.
    pub fn of_system(audit_id: AuditId, at: Moment, name: &str, action: &str, target: impl ToString) -> Self {
        let actor = Actor { kind: ActorKind::System, id: name.to_owned() };
        Self::new(audit_id, at, actor, action, target, RequestId::from_bytes(audit_id.to_bytes()))
    }

    /// With the states of the object before and after, as far as they differ.
    #[must_use]
    pub fn between(self, before: Value, after: Value) -> Self {
        let (before, after) = difference(before, after);
        Self { before, after, ..self }
    }

    /// With two states in full.
    #[must_use]
    pub fn with_states(self, before: Option<Value>, after: Option<Value>) -> Self {
        Self { before, after, ..self }
    }
}

/// Characters of a target or an actor; none is longer.
const MAX_NAME: usize = 300;

/// The audit events a list shows: those that are all of what is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    target: Option<String>,
    action: Option<String>,
    actor: Option<String>,
    /// The first moment.
    pub since: Option<Moment>,
    /// The last moment, not before `since`.
    pub until: Option<Moment>,
}

impl AuditFilter {
    /// Reads the parameters of the filter from a query that has others too.
    pub fn fields(form: &mut Form<'_>) -> Self {
        let text = || form::text(1..=MAX_NAME);
        let filter = Self {
            target: form.optional("target", "Only events of this object: a slug, an id, a user.", text()),
            action: form.optional("action", "Only this action, such as `link.updated`; `link.*` for all of links.", text()),
            actor: form.optional("actor", "Only actions of this user, token or part of the system.", text()),
            since: form.optional("since", "Only events from this moment on.", form::parsed()),
            until: form.optional("until", "Only events up to this moment, not before `since`.", form::parsed()),
        };
        if filter.since.zip(filter.until).is_some_and(|(since, until)| until < since) {
            form.fault("until", "must not be before since");
        }
        filter
    }

    /// Whether events are chosen by more than their time.
    pub fn names_content(&self) -> bool {
        self.target.is_some() || self.action.is_some() || self.actor.is_some()
    }

    /// Whether an event is all that is named.
    pub fn passes(&self, event: &AuditEvent) -> bool {
        let is_action = |wanted: &String| match wanted.strip_suffix(".*") {
            Some(noun) => event.action.split_once('.').is_some_and(|(of, _)| of == noun),
            None => event.action == *wanted,
        };
        self.target.as_ref().is_none_or(|target| event.target == *target)
            && self.action.as_ref().is_none_or(is_action)
            && self.actor.as_ref().is_none_or(|actor| event.actor.id == *actor)
            && self.since.is_none_or(|since| since <= event.at)
            && self.until.is_none_or(|until| event.at <= until)
    }
}

/// The difference between two states of an object, as `before` and `after` of an event: the members that are not the same.
///
/// Where one state is null, as for an object that was created or deleted, the other one is whole.
fn difference(before: Value, after: Value) -> (Option<Value>, Option<Value>) {
    let (Value::Object(mut was), Value::Object(mut is)) = (before.clone(), after.clone()) else {
        return (Some(before).filter(|state| !state.is_null()), Some(after).filter(|state| !state.is_null()));
    };
    was.retain(|name, value| is.get(name) != Some(value));
    is.retain(|name, value| before.get(name) != Some(value));
    (Some(Value::Object(was)), Some(Value::Object(is)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_contains_only_what_changed() {
        let before = json!({"title": "a", "enabled": true, "gone": 1});
        let after = json!({"title": "b", "enabled": true, "new": 2});
        assert_eq!(difference(before, after), (Some(json!({"title": "a", "gone": 1})), Some(json!({"title": "b", "new": 2}))));
    }

    #[test]
    fn what_is_created_or_deleted_is_recorded_whole() {
        assert_eq!(difference(Value::Null, json!({"title": "a"})), (None, Some(json!({"title": "a"}))));
        assert_eq!(difference(json!({"title": "a"}), Value::Null), (Some(json!({"title": "a"})), None));
    }
}
