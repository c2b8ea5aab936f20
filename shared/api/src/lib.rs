//! What functions behind HTTP need on top of `runtime`.
//!
//! - State and start-up: [`ApiState`], [`ApiSettings`], [`start`].
//! - Requests: bodies ([`JsonBody`]), path parameters ([`PathParam`], [`PathId`]), paging ([`Paging`]),
//!   days ([`DayRange`]), viewers ([`Viewer`]).
//! - Callers as types: [`Member`], [`User`], [`PlatformAdmin`], [`Merchant`]; JWTs and personal access tokens.
//! - Limits: [`charge`] for the daily write quota, [`limit_public`] for requests per address.
//! - Responses: [`Problem`], [`ListResponse`], [`StaticAsset`], [`Html`]; [`serve`] adds request id and log line.
//! - [`openapi`]: what completes the generated document.
//!
//! A handler takes what it needs as extractors and returns `Result<impl IntoResponse, Problem>`; one that takes no caller
//! is public. Only `code` decides the status of an error.

mod access;
mod after_answer;
mod body;
mod caller;
mod code;
mod day_range;
mod duplicate_keys;
mod host;
mod jwks;
mod jwt;
mod list;
mod messages;
mod page;
mod pat;
mod path;
mod problem;
mod quota;
mod rules;
mod service;
mod settings;
mod state;
mod static_asset;
mod token;
mod viewer;

pub mod event;
pub mod openapi;
pub mod start;

pub use access::{
    Access, AnalyticsRead, CampaignsRead, CampaignsWrite, ConversionsRead, ConversionsWrite, Creator, CreatorOfDeleted, LinksRead,
    LinksWrite, NotificationsRead, Operator, Owner, OwnerOfDeleted, PersonalizationRead, SignalsWrite, WebhooksRead, WebhooksWrite,
};
pub use after_answer::AfterAnswer;
pub use body::{JsonBody, OptionalBody, PublicBody, SignalsBody, read_limited};
pub use caller::{Member, PlatformAdmin, User};
pub use code::Code;
pub use day_range::DayRange;
pub use host::{CONSOLE_LABEL, console_entry, host, is_host, public_label};
pub use jwt::JwtClaims;
pub use list::{ListResponse, Paging};
pub use page::{Forms, Html, escape, wants_html};
pub use pat::{PAT_FAMILY, asked_path};
pub use path::{PathId, PathParam};
pub use problem::Problem;
pub use quota::{account, charge, limit_public, require_feature};
pub use rules::{damaged_state, delete_rule, list_rules, put_rule};
pub use service::{Served, logged_path, public_cors, serve};
pub use settings::{AnswerFirst, ApiSettings, JwtMode, JwtSettings};
pub use state::ApiState;
pub use static_asset::{StaticAsset, is_current};
pub use token::Merchant;
pub use viewer::{Viewer, opted_out};

pub use runtime::PlatformKeys;
