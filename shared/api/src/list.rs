//! Lists: `?limit=` and `?cursor=` in, `items` and `nextCursor` out (specification §1).

use axum::extract::FromRequestParts;
use domain::values::form::{self, Field, Form};
use domain::values::schema::Schema;
use http::request::Parts;
use serde::Serialize;

use crate::ApiState;
use crate::problem::Problem;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: i64 = 100;
const MAX_CURSOR_LENGTH: usize = 1024;

/// Which page of a list is wanted.
#[derive(Clone, Debug)]
pub struct Paging {
    /// Entries a page.
    pub limit: usize,
    /// The start of the page: the `nextCursor` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    /// Reads the parameters from a query that may have others too.
    pub fn fields(form: &mut Form<'_>) -> Self {
        let limit = form.optional("limit", "Entries a page; 50 when left out.", form::integer(1..=MAX_LIMIT));
        let cursor = form.optional("cursor", "The `nextCursor` of the page before, with all else as it was.", cursor());
        Self {
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT),
            cursor: cursor.filter(|cursor| !cursor.is_empty()),
        }
    }
}

fn cursor() -> impl Field<Output = String> {
    form::leaf(
        || Schema::text().max_length(MAX_CURSOR_LENGTH),
        |value| match form::any_text().read(value) {
            Ok(text) if text.len() <= MAX_CURSOR_LENGTH && store::is_cursor(&text) => Ok(text),
            _ => Err("must be the nextCursor of the page before".to_owned()),
        },
    )
}

impl FromRequestParts<ApiState> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        Ok(form::read_query(parts.uri.query().unwrap_or_default(), |form| Some(Self::fields(form)))?)
    }
}

impl utoipa::IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>) -> Vec<utoipa::openapi::path::Parameter> {
        crate::openapi::parameters(form::describe_query(|form| Some(Self::fields(form))))
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Pass it as `cursor` to get the next page; null at the end.
    pub next_cursor: Option<String>,
    /// Entries that exist but cannot be read, by name or id; left out when there are none. Such an entry affects itself only. What can be
    /// written can be replaced, and what can be deleted can be deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub damaged: Vec<String>,
}

impl<T> ListResponse<T> {
    /// A page of the store, each entry turned into its view.
    pub fn of<S>(page: store::Page<S>, show: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(show).collect(), next_cursor: page.next_cursor, damaged: page.damaged }
    }
}
