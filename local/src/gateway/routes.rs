//! The route table: which function handles a request, with the precedence of an HTTP API.
//!
//! A route that matches the whole path goes before one that ends in `{proxy+}`, that before `$default`. Among those a literal
//! segment goes before a `{parameter}`, and a method before `ANY`. A route with another method is no match.

use std::{collections::HashMap, sync::Arc};

use crate::{functions::slot::FunctionSlot, template::RouteSpec};

/// A route and the function behind it.
pub(crate) struct Route {
    /// `GET /{slug}`, or `$default`.
    pub(crate) key: String,
    /// The function.
    pub(crate) slot: Arc<FunctionSlot>,
    parameters: Vec<String>,
}

/// A route that matches a request, with the values of its path parameters.
pub(crate) struct Match<'a> {
    /// The route.
    pub(crate) route: &'a Route,
    values: Vec<&'a str>,
}

impl<'a> Match<'a> {
    /// The path parameters, still percent-encoded.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.route.parameters.iter().map(String::as_str).zip(self.values.iter().copied())
    }
}

/// All routes.
#[derive(Default)]
pub(crate) struct Routes {
    root: Node,
    default: Option<Route>,
}

#[derive(Default)]
struct Node {
    literals: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    here: Methods,
    greedy: Methods,
}

#[derive(Default)]
struct Methods {
    named: Vec<(String, Route)>,
    any: Option<Route>,
}

impl Methods {
    fn add(&mut self, method: &str, route: Route) {
        if method == "ANY" {
            self.any = Some(route);
        } else {
            self.named.push((method.to_owned(), route));
        }
    }

    fn find(&self, method: &str) -> Option<&Route> {
        let named = self.named.iter().find(|(name, _)| name == method);
        named.map(|(_, route)| route).or(self.any.as_ref())
    }
}

impl Routes {
    /// Adds a route to `slot`.
    pub(crate) fn add(&mut self, spec: &RouteSpec, slot: &Arc<FunctionSlot>) {
        let slot = Arc::clone(slot);
        let RouteSpec::Path { method, path } = spec else {
            self.default = Some(Route { key: "$default".to_owned(), slot, parameters: Vec::new() });
            return;
        };
        let mut parameters = Vec::new();
        let mut node = &mut self.root;
        let mut greedy = false;
        for segment in segments(path) {
            match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(name) => {
                    greedy = name.ends_with('+');
                    parameters.push(name.trim_end_matches('+').to_owned());
                    if !greedy {
                        node = node.parameter.get_or_insert_default();
                    }
                }
                None => node = node.literals.entry(segment.to_owned()).or_default(),
            }
        }
        let methods = if greedy { &mut node.greedy } else { &mut node.here };
        methods.add(method, Route { key: format!("{method} {path}"), slot, parameters });
    }

    /// The route for `method` on `path`.
    pub(crate) fn find<'a>(&'a self, method: &str, path: &'a str) -> Option<Match<'a>> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let by = |reach: Reach| {
            let mut values = Vec::new();
            find(&self.root, method, path, reach, &mut values).map(|route| Match { route, values })
        };
        let default = || self.default.as_ref().map(|route| Match { route, values: Vec::new() });
        by(Reach::Full).or_else(|| by(Reach::Greedy)).or_else(default)
    }
}

/// How a route matches a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Segment by segment.
    Full,
    /// By a `{proxy+}` that takes the rest of the path.
    Greedy,
}

/// Searches below `node` for the rest of a path, most specific first, and appends the values of its parameters to `values`.
fn find<'a>(node: &'a Node, method: &str, rest: &'a str, reach: Reach, values: &mut Vec<&'a str>) -> Option<&'a Route> {
    let (segment, tail) = match rest.split_once('/') {
        Some((segment, tail)) => (segment, Some(tail)),
        None => (rest, None),
    };
    let step = |next: &'a Node, values: &mut Vec<&'a str>| match tail {
        Some(tail) => find(next, method, tail, reach, values),
        None if reach == Reach::Full => next.here.find(method),
        None => None,
    };
    if let Some(next) = node.literals.get(segment)
        && let Some(route) = step(next, values)
    {
        return Some(route);
    }
    if segment.is_empty() && tail.is_none() {
        return None;
    }
    let depth = values.len();
    if let Some(next) = &node.parameter
        && !segment.is_empty()
    {
        values.push(segment);
        if let Some(route) = step(next, values) {
            return Some(route);
        }
        values.truncate(depth);
    }
    let route = node.greedy.find(method).filter(|_| reach == Reach::Greedy)?;
    values.push(rest);
    Some(route)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::template::FunctionSpec;

    fn routes(specs: &[(&str, &str)]) -> Routes {
        let spec = FunctionSpec {
            id: "FunctionSlot".into(),
            binary: "slot".into(),
            timeout: Duration::from_secs(1),
            environment: BTreeMap::new(),
            routes: Vec::new(),
            sources: Vec::new(),
            schedules: Vec::new(),
        };
        let slot = Arc::new(FunctionSlot::new(spec, BTreeMap::new()));
        let mut routes = Routes::default();
        for (method, path) in specs {
            let spec = RouteSpec::Path { method: (*method).to_owned(), path: (*path).to_owned() };
            routes.add(if *path == "$default" { &RouteSpec::Default } else { &spec }, &slot);
        }
        routes
    }

    fn key(routes: &Routes, method: &str, path: &str) -> String {
        routes.find(method, path).map(|found| found.route.key.clone()).unwrap_or_default()
    }

    #[test]
    fn the_more_specific_route_wins() {
        let routes = routes(&[
            ("ANY", "/{proxy+}"),
            ("GET", "/pets/{id}"),
            ("GET", "/pets/dog"),
            ("GET", "/pets/{id}/toys"),
            ("ANY", "/pets/{proxy+}"),
            ("", "$default"),
        ]);
        assert_eq!(key(&routes, "GET", "/pets/dog"), "GET /pets/dog");
        assert_eq!(key(&routes, "GET", "/pets/cat"), "GET /pets/{id}");
        assert_eq!(key(&routes, "GET", "/pets/dog/toys"), "GET /pets/{id}/toys");
        assert_eq!(key(&routes, "POST", "/pets/dog"), "ANY /pets/{proxy+}");
        assert_eq!(key(&routes, "GET", "/cars/1/2"), "ANY /{proxy+}");
        assert_eq!(key(&routes, "GET", "/"), "$default");
    }

    #[test]
    fn a_full_match_goes_before_a_greedy_one_and_that_before_the_default() {
        let routes = routes(&[("ANY", "/pets/{proxy+}"), ("GET", "/{kind}/dog"), ("ANY", "/pets/{id}/toys"), ("", "$default")]);
        assert_eq!(key(&routes, "GET", "/pets/dog"), "GET /{kind}/dog");
        assert_eq!(key(&routes, "POST", "/pets/dog"), "ANY /pets/{proxy+}");
        assert_eq!(key(&routes, "DELETE", "/pets/1/toys"), "ANY /pets/{id}/toys");
        assert_eq!(key(&routes, "DELETE", "/pets/1/toys/2"), "ANY /pets/{proxy+}");
        assert_eq!(key(&routes, "GET", "/pets"), "$default");
        assert_eq!(key(&routes, "GET", "/pets/"), "$default");
    }

    #[test]
    fn parameters_keep_their_values_after_backtracking() {
        let routes = routes(&[("GET", "/{a}/{b}/x"), ("ANY", "/{a}/{rest+}")]);
        let found = routes.find("GET", "/1/2/y").unwrap();
        let parameters: Vec<_> = found.parameters().collect();
        assert_eq!(parameters, [("a", "1"), ("rest", "2/y")]);
        let found = routes.find("GET", "/1/2/x").unwrap();
        assert_eq!(found.parameters().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
    }

    #[test]
    fn a_method_precedes_any() {
        let routes = routes(&[("ANY", "/a"), ("GET", "/a")]);
        assert_eq!(key(&routes, "GET", "/a"), "GET /a");
        assert_eq!(key(&routes, "PUT", "/a"), "ANY /a");
    }

    #[test]
    fn without_a_default_route_there_may_be_no_match() {
        let routes = routes(&[("GET", "/a"), ("GET", "/{slug}")]);
        assert!(routes.find("GET", "/a/").is_none());
        assert!(routes.find("GET", "/").is_none());
        assert!(routes.find("DELETE", "/a").is_none());
    }
}
