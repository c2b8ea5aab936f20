//! Evaluates the template's conditions: `Equals`, `Not`, `And`, `Or` and conditions by name.

use serde_json::Value;

use super::{
    TemplateError,
    resolver::{Resolver, single},
    yaml,
};

/// Whether `condition` holds.
pub(super) fn holds(resolver: &Resolver, condition: &Value) -> Result<bool, TemplateError> {
    let unknown = || TemplateError::Unknown(format!("condition {condition}"));
    let (name, argument) = condition.as_object().and_then(single).ok_or_else(unknown)?;
    let items = argument.as_array().map(Vec::as_slice).unwrap_or_default();
    match (name.as_str(), items) {
        ("Condition", _) => resolver.condition(&yaml::text(argument)),
        ("Fn::Equals", [left, right]) => Ok(resolver.text(left)? == resolver.text(right)?),
        ("Fn::Not", [inner]) => Ok(!holds(resolver, inner)?),
        ("Fn::And", _) => all(resolver, items, true),
        ("Fn::Or", _) => all(resolver, items, false).map(|none| !none),
        _ => Err(unknown()),
    }
}

/// Whether every item evaluates to `expected`.
fn all(resolver: &Resolver, items: &[Value], expected: bool) -> Result<bool, TemplateError> {
    for item in items {
        if holds(resolver, item)? != expected {
            return Ok(false);
        }
    }
    Ok(true)
}
