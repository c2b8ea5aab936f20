//! Analytics: reports and funnels over the rollups, and lists and exports of the records behind them.

mod clicks;
mod export;
mod figures;
mod funnel;
mod query;

use api::{ApiState, Served};
use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(query::handle)).routes(routes!(export::handle)).routes(routes!(clicks::handle))
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
