//! The handle `demo` with its users, and the data of the demo shop.

use std::time::Duration;

use domain::accounts::audit::AuditEvent;
use domain::accounts::{Profile, Role};
use domain::campaigns::{Campaign, NewCampaign};
use domain::chain::ChainRule;
use domain::links::{Link, LinkSettings, NextPassword};
use domain::values::destination::OwnHosts;
use domain::values::form::Faults;
use domain::values::id::{AuditId, LinkId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use serde_json::json;
use store::{Expect, Store};

use crate::{Error, LocalServer, keys::Keys, token, wall_clock};

pub mod month;
pub mod shop;

/// The demo's handle.
pub const HANDLE: &str = "demo";
/// The demo shop's campaign and slug.
pub const SHOP: &str = "shop";
/// The rule of the demo shop's checkout and its trigger; the trigger `checkout` stays free for trying the API.
const OFFER: &str = "shop-offer";
const SHOP_CHECKOUT: &str = "shop-checkout";

/// Lifetime of the demo's tokens.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);

/// A token for each of the demo's users.
pub struct Tokens {
    /// `demo-owner`, the owner of the handle.
    pub owner: String,
    /// `demo-operator`, role OPERATOR.
    pub operator: String,
    /// `demo-creator`, role CREATOR.
    pub creator: String,
    /// `demo-admin`, a platform administrator without a role in the handle.
    pub platform_admin: String,
}

impl Tokens {
    /// Tokens valid for a day from `now`, in milliseconds since 1970.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn mint(keys: &Keys, now: i64) -> Result<Self, Error> {
        let mint = |user: &str, groups: &[&str]| token::mint(keys, user, groups, now, TOKEN_TTL);
        Ok(Self {
            owner: mint("demo-owner", &[])?,
            operator: mint("demo-operator", &[])?,
            creator: mint("demo-creator", &[])?,
            platform_admin: mint("demo-admin", &["platform-admin"])?,
        })
    }
}

/// Writes the demo's data directly to the table, so that it counts against no account's quota.
pub struct Demo {
    store: Store,
    own_hosts: OwnHosts,
    handle: Handle,
    now: Moment,
}

impl Demo {
    /// The demo of this server.
    ///
    /// # Errors
    /// When the server's settings are invalid.
    pub fn of(server: &LocalServer) -> Result<Self, Error> {
        // The environment of a function that may publish link events.
        let environment = server.env("links");
        let settings = runtime::Settings::read(|name| environment.get(name).cloned()).map_err(Error::settings("links"))?;
        let own_hosts = api::ApiSettings::read(|name| environment.get(name).cloned()).map_err(Error::settings("links"))?.own_hosts;
        let store = Store::connect(&settings.connection(server.http_client()), settings.table.clone(), settings.queues.clone());
        let handle = HANDLE.parse().map_err(Error::keys)?;
        Ok(Self { store, own_hosts, handle, now: Moment::from_millis(wall_clock()) })
    }

    /// Creates the handle with its users, if it does not exist.
    ///
    /// # Errors
    /// When the table cannot be reached.
    pub async fn create_handle(&self) -> Result<(), Error> {
        let people = [("demo-operator", Role::Operator), ("demo-creator", Role::Creator)];
        let profile = Profile {
            handle: self.handle.clone(),
            owner: "demo-owner".parse().map_err(Error::keys)?,
            collaborators: people.into_iter().filter_map(|(user, role)| Some((user.parse().ok()?, role))).collect(),
            created_at: self.now,
            version: 1,
            deletion: None,
        };
        if self.store.profiles().get(&profile.handle).await.map_err(Error::database)?.is_none() {
            let event = self.event("handle.created", HANDLE);
            self.store.profiles().save(&profile, None, &event).await.map_err(Error::database)?;
        }
        Ok(())
    }

    /// Creates the shop's campaign, link and chain rule if they do not exist; the link's destination becomes `product`.
    ///
    /// # Errors
    /// When the table cannot be reached.
    pub async fn create_shop_data(&self, product: &str) -> Result<(), Error> {
        self.campaign().await?;
        self.link(product).await?;
        self.offer().await
    }

    async fn campaign(&self) -> Result<(), Error> {
        let draft = json!({
            "campaignId": SHOP, "name": "Demo shop", "goalType": "PRODUCT_SALE", "status": "ACTIVE", "primarySlug": SHOP, "currency": "EUR",
        });
        let draft = NewCampaign::read(draft, &self.own_hosts).map_err(invalid)?;
        let campaign = Campaign::new(&self.handle, &draft, self.now);
        if self.store.campaigns().get(&self.handle, &campaign.campaign_id).await.map_err(Error::database)?.is_none() {
            let event = self.event("campaign.created", SHOP);
            self.store.campaigns().write(&campaign, None, None, &[event]).await.map_err(Error::database)?;
        }
        Ok(())
    }

    async fn link(&self, product: &str) -> Result<(), Error> {
        let settings = json!({"destinationUrl": product, "title": "Field notebook", "campaignId": SHOP});
        let (settings, _) = LinkSettings::read(settings, &self.own_hosts).map_err(invalid)?;
        let slug = SHOP.parse().map_err(Error::keys)?;
        let before = self.store.links().get(&self.handle, &slug).await.map_err(Error::database)?;
        let (link, action) = match &before {
            Some(link) if link.settings.destination_url == settings.destination_url => return Ok(()),
            Some(link) => (link.following(settings, &NextPassword::Keep, self.now), "link.updated"),
            None => {
                let id = LinkId::new(self.now, random());
                (Link::first(id, &self.handle, &slug, settings, &NextPassword::Keep, self.now), "link.created")
            }
        };
        let event = self.event(action, SHOP);
        self.store.links().write(&link, Expect::of(before.as_ref()), &event).await.map_err(Error::database)?;
        Ok(())
    }

    async fn offer(&self) -> Result<(), Error> {
        let rule = json!({
            "trigger": SHOP_CHECKOUT,
            "when": {"all": [{"signalKey": "intent", "minConfidence": 0.7, "withinSeconds": 3600}]},
            "action": {"type": "banner", "title": "Still thinking it over?", "text": "Order in this visit, and it ships free."},
        });
        let rule = ChainRule::read(OFFER.parse().map_err(Error::keys)?, rule, &self.own_hosts).map_err(invalid)?;
        let (mut book, version) = self.store.rule_sets().get::<ChainRule>(&self.handle).await.map_err(Error::database)?;
        if book.rules().iter().all(|known| known.rule_id != rule.rule_id) {
            book.insert(rule);
            let event = self.event("chain_rule.created", OFFER);
            self.store.rule_sets().save(&self.handle, &book, version, &event).await.map_err(Error::database)?;
        }
        Ok(())
    }

    fn event(&self, action: &str, target: &str) -> AuditEvent {
        AuditEvent::of_system(AuditId::new(self.now, random()), self.now, "demo", action, target)
    }
}

fn random() -> u128 {
    (runtime::start::system_entropy())()
}

fn invalid(faults: Faults) -> Error {
    Error::Failed(format!("the demo shop ({faults:?})"))
}
