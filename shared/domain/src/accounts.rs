//! Accounts: plans and their daily write quota, handles and the roles on them (specification §2).

pub mod audit;
mod deletion;
mod plan;
mod requests;
pub mod token;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::moment::{Day, Moment};
use crate::values::name::{Handle, UserId};
use crate::values::schema::Schema;
use crate::values::zone::Zone;

pub use deletion::{Deletion, HandleDeletion, RESTORABLE_DAYS};
pub use plan::{Feature, Plan};
pub use requests::{NewHandle, OwnershipTransfer};

/// The settings of an account; one without them has the deployment's default plan and UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The plan.
    pub plan: Plan,
    /// The zone in whose midnight the write quota starts again.
    #[serde(default)]
    pub time_zone: Zone,
}

impl Account {
    /// An account without settings of its own.
    pub fn with_plan(plan: Plan) -> Self {
        Self { plan, time_zone: Zone::default() }
    }

    /// Reads `{plan, timeZone?}`; a time zone that is left out stays as it is.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change(&self, body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Some(self.fields(form)))
    }

    /// Describes the body of a change.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::with_plan(Plan::Free).fields(form)))
    }

    /// Reads `{timeZone}`, which is all that a user sets of the own account.
    ///
    /// # Errors
    /// Every bad field.
    pub fn change_zone(&self, body: Value) -> Result<Self, Faults> {
        Ok(Self { time_zone: form::read(body, Unknown::Refuse, zone)?, ..self.clone() })
    }

    /// Describes the body of a change of the zone.
    pub fn zone_body() -> Schema {
        form::describe(Unknown::Refuse, zone)
    }

    fn fields(&self, form: &mut Form<'_>) -> Self {
        let plan = form.required("plan", "The plan.", form::parsed());
        let time_zone = form.optional(
            "timeZone",
            "The IANA time zone, such as Europe/Berlin, at whose midnight the daily writes start again; stays as it is when left out.",
            form::parsed(),
        );
        Self { plan: plan.unwrap_or(self.plan), time_zone: time_zone.unwrap_or_else(|| self.time_zone.clone()) }
    }

    /// The quota window this moment falls in.
    pub fn window(&self, at: Moment) -> Window {
        let day = Day::of(at, self.time_zone.zone());
        Window { day, ends: day.end(self.time_zone.zone()), limit: self.plan.writes_per_day() }
    }
}

fn zone(form: &mut Form<'_>) -> Option<Zone> {
    let doc = "The IANA time zone, such as Europe/Berlin, at whose midnight the daily writes start again.";
    form.required("timeZone", doc, form::parsed())
}

/// One local day of an account's write quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The local day.
    pub day: Day,
    /// The local midnight after it.
    pub ends: Moment,
    /// Writes allowed in it.
    pub limit: u32,
}

/// What a user may do on a handle; each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    /// Links, campaigns, analytics, rules.
    Creator,
    /// And webhooks, tokens, deliveries.
    Operator,
    /// And collaborators, transfer, delete. Exactly one user of a handle.
    Owner,
}

impl Role {
    /// As requests and answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creator => "CREATOR",
            Self::Operator => "OPERATOR",
            Self::Owner => "OWNER",
        }
    }
}

/// Collaborators besides the owner.
pub const MAX_COLLABORATORS: usize = 100;

/// A handle: who owns it and who works on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Its name.
    pub handle: Handle,
    /// The one owner, whose account pays.
    pub owner: UserId,
    /// All others, never the owner.
    pub collaborators: BTreeMap<UserId, Role>,
    /// When it was made.
    pub created_at: Moment,
    /// Counts every change, for conditional writes.
    pub version: u64,
    /// Its deletion, while it can be undone or is being carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
}

impl Profile {
    /// The role of a user; any other has none.
    pub fn role_of(&self, user: &UserId) -> Option<Role> {
        if self.owner == *user { Some(Role::Owner) } else { self.collaborators.get(user).copied() }
    }

    /// Whether visitors and programs reach it.
    pub fn is_open(&self) -> bool {
        self.deletion.is_none()
    }

    /// Whether it is deleted and can no longer be restored.
    pub fn is_gone(&self, now: Moment) -> bool {
        self.deletion.is_some_and(|deletion| deletion.is_final(now))
    }

    /// The handle with another state of deletion.
    #[must_use]
    pub fn with_deletion(&self, deletion: Option<Deletion>) -> Self {
        Self { deletion, version: self.version + 1, ..self.clone() }
    }

    /// Reads `{"collaborators":[{userId, role}]}` as the full new list; naming the owner again changes nothing.
    ///
    /// # Errors
    /// Every bad field: unknown roles, a second owner, a user named twice, too many.
    pub fn with_collaborators(&self, body: Value) -> Result<Self, Faults> {
        let collaborators = form::read(body, Unknown::Refuse, |form| Some(requests::collaborators(form, Some(&self.owner))))?;
        Ok(Self { collaborators, version: self.version + 1, ..self.clone() })
    }

    /// Describes the body that replaces the collaborators.
    pub fn collaborators_body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(requests::collaborators(form, None)))
    }

    /// Makes another user the owner and the one before an operator.
    #[must_use]
    pub fn transferred_to(&self, user: UserId) -> Self {
        let mut next = Self { version: self.version + 1, ..self.clone() };
        next.collaborators.remove(&user);
        let before = std::mem::replace(&mut next.owner, user);
        if before != next.owner {
            next.collaborators.insert(before, Role::Operator);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn profile() -> Profile {
        Profile {
            handle: "demo".parse().unwrap(),
            owner: "u-owner".parse().unwrap(),
            collaborators: BTreeMap::new(),
            created_at: Moment::from_millis(0),
            version: 1,
            deletion: None,
        }
    }

    #[test]
    fn collaborators_are_replaced_whole_and_the_owner_stays() {
        let body = json!({"collaborators": [{"userId": "u1", "role": "CREATOR"}, {"userId": "u-owner", "role": "CREATOR"}]});
        let next = profile().with_collaborators(body).unwrap();
        assert_eq!(next.role_of(&"u1".parse().unwrap()), Some(Role::Creator));
        assert_eq!(next.role_of(&"u-owner".parse().unwrap()), Some(Role::Owner));
        let next = next.with_collaborators(json!({"collaborators": []})).unwrap();
        assert_eq!(next.role_of(&"u1".parse().unwrap()), None);
    }

    #[test]
    fn a_second_owner_a_double_and_a_stray_member_are_refused() {
        let body = json!({"collaborators": [{"userId": "u1", "role": "OWNER"}, {"userId": "u2", "role": "CREATOR"}, {"userId": "u2", "role": "OPERATOR"}], "x": 1});
        let fields: Vec<_> = profile().with_collaborators(body).unwrap_err().0.into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["collaborators[0].role", "collaborators[2].userId", "x"]);
    }

    #[test]
    fn a_transfer_leaves_one_owner_and_makes_the_former_an_operator() {
        let next = profile().transferred_to("u1".parse().unwrap());
        assert_eq!(next.role_of(&"u1".parse().unwrap()), Some(Role::Owner));
        assert_eq!(next.role_of(&"u-owner".parse().unwrap()), Some(Role::Operator));
    }

    #[test]
    fn the_quota_window_follows_the_account_zone() {
        let account = Account { plan: Plan::Pro, time_zone: "Pacific/Auckland".parse().unwrap() };
        let window = account.window("2026-03-31T12:30:00Z".parse().unwrap());
        assert_eq!((window.day.compact().as_str(), window.limit), ("20260401", 10));
        assert!("Mars/Phobos".parse::<Zone>().is_err());
    }
}
