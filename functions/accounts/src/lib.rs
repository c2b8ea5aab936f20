//! Accounts: the caller's own, handles, collaborators, tokens, plans, usage and audit events; and what the API needs once: health, its OpenAPI
//! document, and the answer to unknown routes.

mod account;
mod audit;
mod collaborators;
mod deletion;
mod document;
mod handles;
mod health;
mod plan;
mod privacy;
mod tokens;
mod usage;

use api::{ApiState, Served};
use axum::Router;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    let document = OpenApiRouter::new().routes(routes!(document::handle)).layer(CompressionLayer::new());
    OpenApiRouter::new()
        .routes(routes!(handles::create, handles::list))
        .routes(routes!(handles::get, deletion::delete))
        .routes(routes!(deletion::restore))
        .routes(routes!(privacy::erase))
        .routes(routes!(privacy::export))
        .routes(routes!(collaborators::get, collaborators::put))
        .routes(routes!(collaborators::transfer))
        .routes(routes!(audit::list))
        .routes(routes!(usage::handle))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(account::get, account::put))
        .routes(routes!(plan::handle))
        .routes(routes!(health::handle))
        .merge(document)
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    let routes = routes().split_for_parts().0;
    let routes = routes.fallback(document::unknown_route).method_not_allowed_fallback(document::unknown_route);
    Served::new(app.inputs().clone(), &app.settings().public_domain, routes.with_state(app.clone()))
}
