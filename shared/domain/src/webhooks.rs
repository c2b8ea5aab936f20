//! Webhooks: which events go where, how a message is signed, and when it is tried again (specification §10).

pub mod delivery;
pub mod durations;
pub mod endpoint;
pub mod envelope;
pub mod event;
pub mod filter;
pub mod headers;
pub mod payload;
pub mod requests;
pub mod secret;
pub mod signature;
pub mod subscription;
