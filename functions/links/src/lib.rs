//! Links: write, read, list, delete, history, rollback, route preview, and a handle's personalization rules.

mod batch;
mod delete;
mod explain;
mod get;
mod history;
mod list;
mod preview;
mod rollback;
mod rules;
mod upsert;
mod view;

use api::{ApiState, Served};
use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(upsert::handle, get::handle, delete::handle))
        .routes(routes!(list::handle))
        .routes(routes!(batch::handle))
        .routes(routes!(history::handle))
        .routes(routes!(rollback::handle))
        .routes(routes!(preview::handle))
        .routes(routes!(rules::list))
        .routes(routes!(rules::put, rules::delete))
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
