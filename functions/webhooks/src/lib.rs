//! Webhooks: subscriptions with their secrets, the delivery log, replays, and the notifications panel.

mod create;
mod delete;
mod deliveries;
mod get;
mod list;
mod notifications;
mod problems;
mod replay;
mod rotate;
mod stats;
mod test;
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
        .routes(routes!(test::handle))
        .routes(routes!(rotate::handle))
        .routes(routes!(stats::handle))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(replay::one))
        .routes(routes!(replay::range))
        .routes(routes!(notifications::handle))
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
