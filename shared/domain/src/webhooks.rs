//! Webhooks: who hears of what, how a message proves where it comes from, and when it is tried again (contract §10).

pub mod delivery;
pub mod endpoint;
pub mod event;
pub mod payload;
pub mod requests;
pub mod secret;
pub mod signature;
pub mod subscription;
