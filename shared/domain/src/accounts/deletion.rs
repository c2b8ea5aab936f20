//! Deletion of a handle: at once for visitors and programs, for good after thirty days (specification §2.6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::values::schema::Schema;

/// Days in which a deleted handle can be restored.
pub const RESTORABLE_DAYS: i64 = 30;

/// The deletion of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// When the owner deleted it.
    pub deleted_at: Moment,
    /// Until when the owner can restore it; from then on it is erased.
    pub restorable_until: Moment,
}

impl Deletion {
    /// A deletion at this moment.
    pub fn at(now: Moment) -> Self {
        Self { deleted_at: now, restorable_until: now.plus_days(RESTORABLE_DAYS) }
    }

    /// Whether it can no longer be undone.
    pub fn is_final(&self, now: Moment) -> bool {
        self.restorable_until <= now
    }
}

/// The body that deletes a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleDeletion;

impl HandleDeletion {
    /// Reads `{confirm}`, which must be the name of the handle.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, handle: &Handle) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, Some(handle)))
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, None))
    }

    fn fields(form: &mut Form<'_>, handle: Option<&Handle>) -> Option<Self> {
        let confirm: String =
            form.required("confirm", "The name of the handle, so that no other one is deleted by mistake.", form::text(1..=64))?;
        if handle.is_some_and(|handle| handle.as_str() != confirm) {
            form.fault("confirm", "must be the name of the handle in the path");
        }
        Some(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deletion_can_be_undone_for_thirty_days_to_the_millisecond() {
        let now = Moment::from_millis(1_772_366_400_000);
        let deletion = Deletion::at(now);
        assert!(!deletion.is_final(now.plus_days(30).plus_millis(-1)));
        assert!(deletion.is_final(now.plus_days(30)));
    }

    #[test]
    fn the_confirmation_is_the_name_of_the_handle() {
        let handle: Handle = "demo".parse().unwrap();
        assert_eq!(HandleDeletion::read(json!({"confirm": "demo"}), &handle), Ok(HandleDeletion));
        for body in [json!({"confirm": "Demo"}), json!({}), json!({"confirm": true}), json!({"confirm": "demo2"})] {
            let fields: Vec<_> = HandleDeletion::read(body, &handle).unwrap_err().0.into_iter().map(|fault| fault.field).collect();
            assert_eq!(fields, ["confirm"]);
        }
    }
}
