//! The PAT family: the routes under `/v2/public/handles/{handle}` that personal access tokens reach (specification §2).
//!
//! They are not routes of their own. Each is a route under `/v2/handles/{handle}` whose documentation names a scope for tokens: a
//! request to the family is rewritten to the path of that route and marked, so that its caller must be a token.

use http::{Extensions, Method, Request, Uri};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

use crate::code::Code;
use crate::openapi::token_scopes;
use crate::problem::Problem;

/// What the paths of the PAT family begin with.
pub const PAT_FAMILY: &str = "/v2/public/handles/";
/// What the paths of handles begin with.
pub(crate) const HANDLES: &str = "/v2/handles/";

/// Marks a request of the PAT family; holds the address it was sent to, while its URI is that of the route it was rewritten to.
#[derive(Clone)]
struct PatFamily(Uri);

/// Whether the request was sent to the PAT family, so that its caller must be a token.
pub(crate) fn is_of_pat_family(extensions: &Extensions) -> bool {
    extensions.get::<PatFamily>().is_some()
}

/// The path a request was sent to, before any rewriting.
pub fn asked_path<'r>(extensions: &'r Extensions, uri: &'r Uri) -> &'r str {
    extensions.get::<PatFamily>().map_or(uri, |PatFamily(asked)| asked).path()
}

/// Rewrites a request of the PAT family to the path of its route, and marks it.
pub(crate) fn rewrite_pat_path<B>(request: &mut Request<B>) {
    let Some(rest) = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix(PAT_FAMILY)) else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = format!("{HANDLES}{rest}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        let asked = std::mem::replace(request.uri_mut(), uri);
        request.extensions_mut().insert(PatFamily(asked));
    }
}

/// The routes of one function that tokens reach.
pub(crate) struct PatRoutes(Vec<PatRoute>);

struct PatRoute {
    /// The path under [`HANDLES`], by segments.
    segments: Vec<String>,
    methods: Vec<Method>,
}

impl PatRoutes {
    /// Those of a function's documented routes that name a scope for tokens.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let names_scope = |operation: &Option<Operation>| operation.as_ref().is_some_and(|operation| token_scopes(operation).is_some());
        let routes = document.paths.paths.iter().filter(|(path, _)| path.starts_with(HANDLES)).map(|(path, item)| {
            let operations =
                [(Method::GET, &item.get), (Method::PUT, &item.put), (Method::POST, &item.post), (Method::DELETE, &item.delete)];
            let methods = operations.into_iter().filter(|(_, operation)| names_scope(operation)).map(|(method, _)| method).collect();
            PatRoute { segments: path.split('/').map(str::to_owned).collect(), methods }
        });
        Self(routes.filter(|route| !route.methods.is_empty()).collect())
    }

    /// Lets a request pass that is not of the PAT family, or that one of these routes takes.
    ///
    /// # Errors
    /// 404 when the path is none of the PAT family, 405 with `Allow` when the method is not.
    pub(crate) fn check<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        if !is_of_pat_family(request.extensions()) {
            return Ok(());
        }
        let segments: Vec<&str> = request.uri().path().split('/').collect();
        // The most literal path is meant: `…/deliveries/replay`, not `…/deliveries/{deliveryId}`.
        let route = self.0.iter().filter(|route| route.fits(&segments)).min_by_key(|route| route.parameters());
        let route = route.ok_or_else(Problem::no_route)?;
        if route.methods.contains(request.method()) {
            return Ok(());
        }
        let allowed: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
        Err(Problem::new(Code::MethodNotAllowed, "this route does not support the method; see Allow").allow(allowed.join(", ")))
    }
}

impl PatRoute {
    fn fits(&self, path: &[&str]) -> bool {
        let fits = |(own, segment): (&String, &&str)| (own.starts_with('{') && !segment.is_empty()) || own == segment;
        self.segments.len() == path.len() && self.segments.iter().zip(path).all(fits)
    }

    fn parameters(&self) -> usize {
        self.segments.iter().filter(|segment| segment.starts_with('{')).count()
    }
}
