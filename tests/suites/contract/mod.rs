//! What the repository promises: the OpenAPI document, events, vectors, bootstraps, isolation of tenants.

pub(crate) mod bodies;
pub(crate) mod bootstraps;
pub(crate) mod event_files;
pub(crate) mod hosts;
pub(crate) mod openapi;
pub(crate) mod playbook;
pub(crate) mod tenant_isolation;
pub(crate) mod vectors;
