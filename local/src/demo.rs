//! The handle `demo` and its people.

use std::time::Duration;

use domain::account::{Profile, Role};
use domain::audit::Event;
use domain::id::AuditId;
use domain::moment::Moment;

use crate::{Error, House, keys::Keys, token, wall_clock};

/// The demo's handle.
pub const HANDLE: &str = "demo";

/// How long the demo's tokens are good.
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A token for each of the demo's people.
pub struct Tokens {
    /// `demo-owner`, who owns the handle.
    pub owner: String,
    /// `demo-operator`.
    pub operator: String,
    /// `demo-creator`.
    pub creator: String,
    /// `demo-admin`, who has no part in the handle and runs the platform.
    pub platform_admin: String,
}

impl Tokens {
    /// Tokens from `now`, in milliseconds.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint(keys: &Keys, now: i64) -> Result<Self, Error> {
        let mint = |user: &str, groups: &[&str]| token::mint(keys, user, groups, now, TOKEN_LIFE);
        Ok(Self {
            owner: mint("demo-owner", &[])?,
            operator: mint("demo-operator", &[])?,
            creator: mint("demo-creator", &[])?,
            platform_admin: mint("demo-admin", &["platform-admin"])?,
        })
    }
}

/// Makes the handle and lets its people in, unless it is there already; straight in the table, so that no account pays for it.
///
/// # Errors
/// When the table cannot be reached.
pub async fn prepare(house: &House) -> Result<(), Error> {
    let environment = house.env("accounts");
    let settings = edge::Settings::read(|name| environment.get(name).cloned()).map_err(Error::keys)?;
    let store = store::Store::connect(&settings.connection(store::http_client()), settings.table.clone(), settings.queues.clone());
    let people = [("demo-operator", Role::Operator), ("demo-creator", Role::Creator)];
    let profile = Profile {
        handle: HANDLE.parse().map_err(Error::keys)?,
        owner: "demo-owner".parse().map_err(Error::keys)?,
        collaborators: people.into_iter().filter_map(|(user, role)| Some((user.parse().ok()?, role))).collect(),
        created_at: Moment::from_millis(wall_clock()),
        version: 1,
    };
    if store.profile(&profile.handle).await.map_err(Error::database)?.is_none() {
        let id = AuditId::new(profile.created_at, (edge::start::system_entropy())());
        let event = Event::of_system(id, profile.created_at, "demo", "handle.created", HANDLE);
        store.save_profile(&profile, None, &event).await.map_err(Error::database)?;
    }
    Ok(())
}
