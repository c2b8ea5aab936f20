//! The chain: signals of visitors, rules, and decisions for pages.

mod ask;
mod preview;
mod rules;
mod sdk;
mod session;
mod signals;

use api::{ApiState, Served};
use axum::Router;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    let public = OpenApiRouter::new()
        .routes(routes!(signals::from_page))
        .routes(routes!(ask::resolve))
        .routes(routes!(ask::prefetch))
        .layer(api::public_cors());
    let script = OpenApiRouter::new().routes(routes!(sdk::handle)).layer(CompressionLayer::new());
    OpenApiRouter::new()
        .routes(routes!(rules::list))
        .routes(routes!(rules::put, rules::delete))
        .routes(routes!(session::handle))
        .routes(routes!(preview::handle))
        .routes(routes!(signals::from_server))
        .merge(public)
        .merge(script)
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
