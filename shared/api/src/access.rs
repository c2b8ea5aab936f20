//! What a handler asks of its caller: a role of whoever logged in, and the scope that stands for it when a token calls.

use domain::accounts::Role;
use domain::accounts::token::Scope;

/// What a handler asks of its caller.
pub trait Access {
    /// The least role of a user.
    const ROLE: Role;
    /// What a personal access token must be good for; without one the route is not of the PAT family.
    const SCOPE: Option<Scope>;
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
    /// Who may read links.
    LinksRead: Creator, Some(Scope::LinksRead);
    /// Who may write links.
    LinksWrite: Creator, Some(Scope::LinksWrite);
    /// Who may read campaigns.
    CampaignsRead: Creator, Some(Scope::CampaignsRead);
    /// Who may write campaigns, and try them out.
    CampaignsWrite: Creator, Some(Scope::CampaignsWrite);
    /// Who may read and export reports.
    AnalyticsRead: Creator, Some(Scope::AnalyticsRead);
    /// Who may read conversions: they are what reports are made of.
    ConversionsRead: Creator, Some(Scope::AnalyticsRead);
    /// Who may adjust conversions.
    ConversionsWrite: Operator, Some(Scope::ConversionsWrite);
    /// Who may tell what visitors did.
    SignalsWrite: Creator, Some(Scope::ChainSignalWrite);
    /// Who may read personalization and chain rules, and sessions; writing rules needs somebody who logged in.
    PersonalizationRead: Creator, Some(Scope::PersonalizationRead);
    /// Who may read webhook subscriptions and deliveries.
    WebhooksRead: Operator, Some(Scope::WebhooksRead);
    /// Who may see how webhooks are doing.
    NotificationsRead: Creator, Some(Scope::WebhooksRead);
    /// Who may write webhook subscriptions.
    WebhooksWrite: Operator, Some(Scope::WebhooksWrite);
}
