//! The web console: how its pages and files are served.

pub(crate) mod serving;
