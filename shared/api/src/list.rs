//! Lists: `?limit=` and `?cursor=` in, `items` and `nextCursor` out (contract §1).

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;

use crate::ApiState;
use crate::problem::Problem;

const DEFAULT: usize = 50;
const MOST: usize = 100;

/// Which page of a list is wanted.
#[derive(Clone, Debug)]
pub struct Paging {
    /// Entries a page.
    pub limit: usize,
    /// Where it starts, as the page before told.
    pub cursor: Option<String>,
}

impl FromRequestParts<ApiState> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        let mut paging = Self { limit: DEFAULT, cursor: None };
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    paging.limit = limit.ok_or_else(|| Problem::field("limit", format!("must be a whole number from 1 to {MOST}")))?;
                }
                "cursor" if value.len() <= 1024 && store::is_cursor(&value) => {
                    paging.cursor = Some(value.into_owned()).filter(|cursor| !cursor.is_empty())
                }
                "cursor" => return Err(Problem::field("cursor", "must be the nextCursor of the page before")),
                _ => {}
            }
        }
        Ok(paging)
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
}

impl<T> ListResponse<T> {
    /// A page of the store, each entry made presentable.
    pub fn of<S>(page: store::Page<S>, show: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(show).collect(), next_cursor: page.next_cursor }
    }
}
