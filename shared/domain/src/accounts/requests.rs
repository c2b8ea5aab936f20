//! The bodies of requests about handles: creating one, its collaborators, its transfer (specification §2).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{MAX_COLLABORATORS, Role};
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::name::{Handle, UserId};
use crate::values::schema::Schema;

/// Reads the whole new list of collaborators; the owner may be named and is left out.
pub(super) fn collaborators(form: &mut Form<'_>, owner: Option<&UserId>) -> BTreeMap<UserId, Role> {
    let doc = "The whole new list; empty to remove everybody but the owner, who may be named and stays.";
    let entries = form.required_objects("collaborators", doc, 0..=MAX_COLLABORATORS, |entry| {
        let user: Option<UserId> = entry.required("userId", "The user.", form::parsed());
        let roles = form::one_of([("CREATOR", Role::Creator), ("OPERATOR", Role::Operator), ("OWNER", Role::Owner)]);
        let role = entry.required("role", "`CREATOR` or `OPERATOR`; `OWNER` only for the present owner.", roles);
        Some((user?, role?))
    });
    let mut collaborators = BTreeMap::new();
    for (index, (user, role)) in entries.into_iter().enumerate() {
        if Some(&user) == owner {
            continue;
        }
        if role == Role::Owner {
            form.fault(&format!("collaborators[{index}].role"), "must be CREATOR or OPERATOR; use transfer-ownership for the owner");
        } else if collaborators.insert(user, role).is_some() {
            form.fault(&format!("collaborators[{index}].userId"), "is named twice");
        }
    }
    collaborators
}

/// The body that makes a handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHandle {
    /// Its name.
    pub handle: Handle,
}

impl NewHandle {
    /// Reads `{handle}`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, Self::fields)
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let doc = "Its name, which becomes the host of its links; some words are reserved.";
        let new = form::parsed::<Handle>().then(|handle| handle.check_new().map(|()| handle).map_err(str::to_owned));
        Some(Self { handle: form.required("handle", doc, new)? })
    }
}

/// The body that gives a handle to another user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipTransfer {
    /// The user who becomes the owner.
    pub new_owner: UserId,
}

impl OwnershipTransfer {
    /// Reads `{newOwnerUserId}`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, Self::fields)
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, Self::fields)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        Some(Self { new_owner: form.required("newOwnerUserId", "The user who becomes the owner.", form::parsed())? })
    }
}
