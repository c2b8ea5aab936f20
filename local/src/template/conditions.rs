//! Decides the template's conditions: `Equals`, `Not`, `And`, `Or` and conditions by name.

use serde_json::Value;

use super::{
    Error,
    scope::{Scope, single},
    yaml,
};

/// Whether `condition` holds.
pub(super) fn holds(scope: &Scope, condition: &Value) -> Result<bool, Error> {
    let unknown = || Error::Unknown(format!("condition {condition}"));
    let (name, argument) = condition.as_object().and_then(single).ok_or_else(unknown)?;
    let items = argument.as_array().map(Vec::as_slice).unwrap_or_default();
    match (name.as_str(), items) {
        ("Condition", _) => scope.condition(&yaml::text(argument)),
        ("Fn::Equals", [left, right]) => Ok(scope.text(left)? == scope.text(right)?),
        ("Fn::Not", [inner]) => Ok(!holds(scope, inner)?),
        ("Fn::And", _) => all(scope, items, true),
        ("Fn::Or", _) => all(scope, items, false).map(|none| !none),
        _ => Err(unknown()),
    }
}

/// Whether every item holds exactly when `wanted`.
fn all(scope: &Scope, items: &[Value], wanted: bool) -> Result<bool, Error> {
    for item in items {
        if holds(scope, item)? != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}
