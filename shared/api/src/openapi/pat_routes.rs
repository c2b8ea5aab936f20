//! Twins: a handler that names a scope for tokens is documented a second time, under the paths of the PAT family.

use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa::openapi::security::SecurityRequirement;

use super::{TOKEN, TOKEN_AS_KEY};
use crate::pat::{HANDLES, PAT_FAMILY};

/// Adds the twin of every operation on a handle that asks a token for a scope, and leaves that scope out of the operation itself.
pub(super) fn add(paths: &mut Paths) {
    let mut pat_routes = Vec::new();
    for (path, item) in &mut paths.paths {
        let Some(rest) = path.strip_prefix(HANDLES) else { continue };
        let mut twin = PathItem::default();
        for (own, other) in [
            (&mut item.get, &mut twin.get),
            (&mut item.put, &mut twin.put),
            (&mut item.post, &mut twin.post),
            (&mut item.delete, &mut twin.delete),
        ] {
            *other = own.as_mut().and_then(split_off);
        }
        if twin != PathItem::default() {
            pat_routes.push((format!("{PAT_FAMILY}{rest}"), twin));
        }
    }
    paths.paths.extend(pat_routes);
}

/// The twin of an operation, for tokens alone; none when it asks for no scope.
fn split_off(operation: &mut Operation) -> Option<Operation> {
    let schemes = operation.security.as_mut()?;
    let scopes = schemes.iter().find_map(scopes)?;
    schemes.retain(|scheme| self::scopes(scheme).is_none());
    let mut twin = operation.clone();
    twin.security = Some([TOKEN, TOKEN_AS_KEY].map(|scheme| SecurityRequirement::new(scheme, &scopes)).into());
    let needs = format!("With a personal access token that has the scope `{}`.", scopes.join("`, `"));
    let described = twin.description.take().map(|description| format!("{description}\n\n{needs}"));
    twin.description = Some(described.unwrap_or(needs));
    Some(twin)
}

/// The scopes an operation asks a token for; none when tokens do not reach it.
pub(crate) fn token_scopes(operation: &Operation) -> Option<Vec<String>> {
    operation.security.as_ref()?.iter().find_map(scopes)
}

/// The scopes a requirement asks a token for. A requirement gives access to its content as JSON only.
fn scopes(requirement: &SecurityRequirement) -> Option<Vec<String>> {
    let json = serde_json::to_value(requirement).ok()?;
    serde_json::from_value(json.get(TOKEN)?.clone()).ok()
}
