//! Writing a link: the version that follows the present one, and what the audit log tells of it.

use serde_json::Value;

use super::{Link, PasswordChange, Settings};
use crate::values::id::LinkId;
use crate::values::moment::Moment;
use crate::values::name::{Handle, Slug};
use crate::values::password::Hashed;

/// What becomes of the stored hash.
#[derive(Clone, Debug)]
pub enum NextPassword {
    /// It stays as it is.
    Keep,
    /// It becomes this one, or none.
    Be(Option<Hashed>),
}

impl PasswordChange {
    /// The change with the password hashed; `None` only for a password that Argon2 does not take.
    pub fn hashed(self, salt: [u8; 16]) -> Option<NextPassword> {
        match self {
            Self::Keep => Some(NextPassword::Keep),
            Self::Remove => Some(NextPassword::Be(None)),
            Self::Set(text) => Hashed::new(text.expose(), salt).map(|hash| NextPassword::Be(Some(hash))),
        }
    }
}

impl Link {
    /// The first version of a new life of a link.
    pub fn first(id: LinkId, handle: &Handle, slug: &Slug, settings: Settings, password: &NextPassword, now: Moment) -> Self {
        let (handle, slug) = (handle.clone(), slug.clone());
        Self { id, handle, slug, version: 1, created_at: now, updated_at: now, password: password.after(None), settings }
    }

    /// The version after this one.
    #[must_use]
    pub fn following(&self, settings: Settings, password: &NextPassword, now: Moment) -> Self {
        let password = password.after(self.password.as_ref());
        Self { version: self.version + 1, updated_at: now, password, settings, ..self.clone() }
    }

    /// What the audit log tells of it: what its owner set, and never the password.
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
            Self::Be(hash) => hash.clone(),
        }
    }
}
