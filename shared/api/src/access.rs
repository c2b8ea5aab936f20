//! What a handler requires of its caller: a role of a user, and the scope that a personal access token needs instead.

use domain::accounts::Role;
use domain::accounts::token::Scope;

/// What a handler requires of its caller.
pub trait Access {
    /// The minimum role of a user.
    const ROLE: Role;
    /// The scope a personal access token needs; without one, tokens do not reach the route.
    const SCOPE: Option<Scope>;
    /// Whether the route is there for a handle that is deleted and can be restored.
    const REACHES_DELETED: bool = false;
}

macro_rules! access {
    ($($(#[$doc:meta])* $name:ident: $role:ident, $scope:expr;)*) => {$(
        $(#[$doc])*
        pub enum $name {}

        impl Access for $name {
            const ROLE: Role = Role::$role;
            const SCOPE: Option<Scope> = $scope;
        }
    )*};
}

access! {
    /// Any role on the handle; no token.
    Creator: Creator, None;
    /// OPERATOR or OWNER; no token.
    Operator: Operator, None;
    /// OWNER; no token.
    Owner: Owner, None;
    /// May read links.
    LinksRead: Creator, Some(Scope::LinksRead);
    /// May write links.
    LinksWrite: Creator, Some(Scope::LinksWrite);
    /// May read campaigns.
    CampaignsRead: Creator, Some(Scope::CampaignsRead);
    /// May write campaigns and submit test conversions.
    CampaignsWrite: Creator, Some(Scope::CampaignsWrite);
    /// May read and export reports.
    AnalyticsRead: Creator, Some(Scope::AnalyticsRead);
    /// May read conversions, from which reports are computed.
    ConversionsRead: Creator, Some(Scope::AnalyticsRead);
    /// May adjust conversions.
    ConversionsWrite: Operator, Some(Scope::ConversionsWrite);
    /// May submit signals of visitors.
    SignalsWrite: Creator, Some(Scope::ChainSignalWrite);
    /// May read personalization and chain rules, and sessions; only users may write rules.
    PersonalizationRead: Creator, Some(Scope::PersonalizationRead);
    /// May read webhook subscriptions and deliveries.
    WebhooksRead: Operator, Some(Scope::WebhooksRead);
    /// May read the notifications panel.
    NotificationsRead: Creator, Some(Scope::WebhooksRead);
    /// May write webhook subscriptions.
    WebhooksWrite: Operator, Some(Scope::WebhooksWrite);
}

/// Any role, also on a deleted handle; no token.
pub enum CreatorOfDeleted {}

impl Access for CreatorOfDeleted {
    const ROLE: Role = Role::Creator;
    const SCOPE: Option<Scope> = None;
    const REACHES_DELETED: bool = true;
}

/// OWNER, also of a deleted handle; no token.
pub enum OwnerOfDeleted {}

impl Access for OwnerOfDeleted {
    const ROLE: Role = Role::Owner;
    const SCOPE: Option<Scope> = None;
    const REACHES_DELETED: bool = true;
}
