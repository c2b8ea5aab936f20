//! The web console: how its pages and files are served.

pub(crate) mod login;
pub(crate) mod serving;
