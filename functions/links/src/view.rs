//! A link as the API returns it: its settings without the password, its address and its version.

use api::ApiState;
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::links::{Link, LinkSettings};
use domain::values::moment::Moment;
use domain::values::name::{Handle, Slug};
use http::header::ETAG;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// A link.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkView {
    /// Owning handle.
    handle: Handle,
    /// Its slug.
    slug: Slug,
    /// Its address.
    #[schema(example = "https://demo.10x.in/launch")]
    short_url: String,
    /// Increases with every write.
    version: u64,
    /// When it was created.
    created_at: Moment,
    /// When this version was written.
    updated_at: Moment,
    /// Whether visitors need a password.
    has_password: bool,
    #[serde(flatten)]
    settings: LinkSettings,
}

impl LinkView {
    pub(crate) fn of(link: Link, app: &ApiState) -> Self {
        Self {
            short_url: app.settings().short_url(&link.handle, link.slug.as_str()),
            handle: link.handle,
            slug: link.slug,
            version: link.version,
            created_at: link.created_at,
            updated_at: link.updated_at,
            has_password: link.password.is_some(),
            settings: link.settings,
        }
    }

    /// A version, whose password is not kept with it.
    pub(crate) fn of_version(version: Link, had_password: bool, app: &ApiState) -> Self {
        Self { has_password: had_password, ..Self::of(version, app) }
    }
}

/// A response with a link and its entity tag.
pub(crate) fn respond(status: StatusCode, link: Link, app: &ApiState) -> Response {
    let etag = HeaderValue::from_str(&link.etag());
    let mut response = (status, Json(LinkView::of(link, app))).into_response();
    if let Ok(etag) = etag {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}
