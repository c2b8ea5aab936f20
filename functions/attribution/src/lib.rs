//! Attribution: the context of a ctx, the conversions credited to its click, and their ledgers.
//!
//! A campaign's test conversion is served here too, because this function has the keys that seal its ctx and the code that accepts it.

mod adjust;
mod confirm;
mod context;
mod convert;
mod ctx;
mod explain;
mod get;
mod list;
mod receipt;
mod test_conversion;
mod view;

use api::{ApiState, Served};
use axum::Router;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every route of this function, with its documentation.
pub fn routes() -> OpenApiRouter<ApiState> {
    let public = OpenApiRouter::new().routes(routes!(context::handle)).routes(routes!(convert::handle)).layer(api::public_cors());
    OpenApiRouter::new()
        .routes(routes!(list::handle))
        .routes(routes!(get::handle))
        .routes(routes!(explain::handle))
        .routes(routes!(adjust::handle))
        .routes(routes!(test_conversion::handle))
        .merge(public)
}

/// The function.
pub fn service(app: ApiState) -> Served<Router> {
    api::serve(app, routes())
}
