//! How requests come in and answers go out: settings, callers, bodies, problems, start-up.
//!
//! A handler takes what it needs as extractors and answers `Result<impl IntoResponse, Problem>`; one that takes no caller
//! is public on sight. Only `problem` decides the status of a failure.

mod access;
mod app;
mod body;
mod caller;
mod jwks;
mod jwt;
mod keys;
mod lasting;
mod list;
mod messages;
mod page;
mod problem;
mod quota;
mod rules;
mod service;
mod settings;
mod token;
mod twice;
mod viewer;

pub mod batch;
pub mod openapi;
pub mod start;

pub use access::{
    Access, AnalyticsRead, CampaignsRead, CampaignsWrite, ConversionsRead, ConversionsWrite, Creator, LinksRead, LinksWrite,
    NotificationsRead, Operator, Owner, PersonalizationRead, SignalsWrite, WebhooksRead, WebhooksWrite,
};
pub use app::{App, Clock, Entropy};
pub use body::{JsonBody, PublicBody, SignalsBody, read_limited};
pub use caller::{Member, Part, PlatformAdmin, User};
pub use jwt::Claims as JwtClaims;
pub use keys::PlatformKeys;
pub use lasting::Lasting;
pub use list::{Listed, Paging};
pub use page::{Html, escape, wants_html};
pub use problem::{Code, Problem};
pub use quota::{charge, limit_public, require_plan};
pub use rules::{delete_rule, list_rules, put_rule};
pub use service::{PAT_FAMILY, Served, asked_path, public_cors, serve};
pub use settings::{InvalidSettings, JwtMode, SecretSource, Settings};
pub use token::Merchant;
pub use viewer::{Viewer, opted_out};
