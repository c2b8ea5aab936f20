//! The body of a request that makes a token (specification §2).

use std::collections::BTreeSet;

use serde_json::Value;

use super::Grant;
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::schema::Schema;

/// Characters of a token's name.
const MAX_NAME: usize = 100;
/// Scopes, and families of them, one token may have.
const MAX_SCOPES: usize = 32;

/// The body that makes a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What its creator calls it.
    pub name: Option<String>,
    /// What it may do; never empty.
    pub scopes: BTreeSet<Grant>,
    /// The moment from which it is refused.
    pub expires_at: Option<Moment>,
}

impl NewToken {
    /// Reads `{name?, scopes, expiresAt?}`.
    ///
    /// # Errors
    /// Every bad field: no scope or an unknown one, an expiry in the past, a name too long.
    pub fn read(body: Value, now: Moment) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| {
            let token = Self::fields(form);
            if token.expires_at.is_some_and(|expires| expires <= now) {
                form.fault("expiresAt", "must be in the future");
            }
            Some(token)
        })
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::fields(form)))
    }

    fn fields(form: &mut Form<'_>) -> Self {
        let name = form.optional("name", "Shown in lists.", form::text(0..=MAX_NAME)).filter(|name| !name.trim().is_empty());
        let doc = "What it may do: single scopes, or whole families of them such as `links.*`.";
        let scopes = form.required_list("scopes", doc, 1..=MAX_SCOPES, form::parsed::<Grant>()).into_iter().collect();
        let expires_at = form.optional("expiresAt", "The moment from which it is refused; never when left out.", form::parsed());
        Self { name, scopes, expires_at }
    }
}
