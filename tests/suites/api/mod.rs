//! The HTTP API, by resource.

pub(crate) mod accepted;
pub(crate) mod accounts;
pub(crate) mod adjustments;
pub(crate) mod audit;
pub(crate) mod campaigns;
pub(crate) mod chain;
pub(crate) mod confirmations;
pub(crate) mod conversions;
pub(crate) mod damaged;
pub(crate) mod limits;
pub(crate) mod links;
pub(crate) mod lists;
pub(crate) mod pagination;
pub(crate) mod pat;
pub(crate) mod redirect;
pub(crate) mod request_bodies;
pub(crate) mod route_preview;
pub(crate) mod sdk;
pub(crate) mod tokens;
