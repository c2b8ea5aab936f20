//! Campaigns: create, read, list, update, delete, and their health.

mod binding;
mod create;
mod delete;
mod get;
mod health;
mod list;
mod update;
mod view;

use api::{ApiState, Served};
use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(create::handle, list::handle))
        .routes(routes!(get::handle, update::handle, delete::handle))
        .routes(routes!(health::handle))
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
