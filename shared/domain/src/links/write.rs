//! Writing a link: the version that follows the present one, and what the audit log records of it.

use serde_json::Value;

use super::{Link, LinkSettings};
use crate::values::form::Patch;
use crate::values::id::LinkId;
use crate::values::moment::Moment;
use crate::values::name::{Handle, Slug};
use crate::values::password::Hashed;
use crate::values::secret::SecretText;

/// What a write does to a password that can never be read back.
#[derive(Clone, Debug)]
pub enum PasswordChange {
    /// The member is absent.
    Keep,
    /// The member is null.
    Remove,
    /// The member is a string.
    Set(SecretText),
}

impl From<Patch<String>> for PasswordChange {
    fn from(member: Patch<String>) -> Self {
        match member {
            Patch::Keep => Self::Keep,
            Patch::Reset => Self::Remove,
            Patch::Set(text) => Self::Set(SecretText::new(text)),
        }
    }
}

/// What becomes of the stored hash.
#[derive(Clone, Debug)]
pub enum NextPassword {
    /// It stays as it is.
    Keep,
    /// It becomes this one, or none.
    Set(Option<Hashed>),
}

impl PasswordChange {
    /// The change with the password hashed; `None` only for a password that Argon2 does not take.
    pub fn hashed(self, salt: [u8; 16]) -> Option<NextPassword> {
        match self {
            Self::Keep => Some(NextPassword::Keep),
            Self::Remove => Some(NextPassword::Set(None)),
            Self::Set(text) => Hashed::new(text.expose(), salt).map(|hash| NextPassword::Set(Some(hash))),
        }
    }
}

impl Link {
    /// The first version of a new life of a link.
    pub fn first(id: LinkId, handle: &Handle, slug: &Slug, settings: LinkSettings, password: &NextPassword, now: Moment) -> Self {
        let (handle, slug) = (handle.clone(), slug.clone());
        Self { id, handle, slug, version: 1, created_at: now, updated_at: now, password: password.after(None), settings }
    }

    /// The version after this one.
    #[must_use]
    pub fn following(&self, settings: LinkSettings, password: &NextPassword, now: Moment) -> Self {
        let password = password.after(self.password.as_ref());
        Self { version: self.version + 1, updated_at: now, password, settings, ..self.clone() }
    }

    /// What the audit log records of it: what its owner set, and never the password.
    pub fn audited(&self) -> Value {
        let mut state = serde_json::to_value(&self.settings).unwrap_or_default();
        if let Value::Object(members) = &mut state {
            members.insert("hasPassword".to_owned(), self.password.is_some().into());
        }
        state
    }
}

impl NextPassword {
    fn after(&self, present: Option<&Hashed>) -> Option<Hashed> {
        match self {
            Self::Keep => present.cloned(),
            Self::Set(hash) => hash.clone(),
        }
    }
}
