//! One table of everything the server does: every operation of the API with a request that succeeds, and every event of a queue or schedule.
//!
//! The walk through the API, the files in `events/`, the isolation of handles, and the checks of the document draw their
//! paths, bodies and callers from here. A new endpoint is one row in `operations/table.rs`, and
//! `UPDATE=1 cargo test -p tests --test suites -- contract::event_files` writes its event file.

mod event;
mod placeholders;
mod table;
mod walk;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use crate::PAGES;

pub use event::{event_text, hosts};
pub use placeholders::Placeholders;
pub use walk::Walk;

/// The start of the paths of a handle's operations.
pub const HANDLES: &str = "/v2/handles/";
/// The start of the paths of the same operations for callers with a personal access token.
pub const PAT_HANDLES: &str = "/v2/public/handles/";
/// Every family of scopes that a token can have.
pub const ALL_SCOPES: [&str; 7] = ["links.*", "campaigns.*", "analytics.*", "webhooks.*", "conversions.*", "chain.*", "personalization.*"];

/// Values of path parameters, unless a row has its own. `{{…}}` is known only once an earlier row was answered.
const PATH_VALUES: [(&str, &str); 11] = [
    ("handle", "demo"),
    ("slug", "launch"),
    ("ruleId", "rule-1"),
    ("campaignId", "partner-alpha"),
    ("sessionId", "visitor-7f3a"),
    ("userId", "6c1a5b0e-3f0d-4c57-9a42-0b7d1f6e2c11"),
    ("conversionId", "{{CONVERSION_ID}}"),
    ("tokenId", "{{TOKEN_ID}}"),
    ("subscriptionId", "{{SUBSCRIPTION_ID}}"),
    ("deliveryId", "{{DELIVERY_ID}}"),
    ("proxy", "home"),
];

/// Whose requests an operation accepts; of a handle's members the one with the fewest rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// A program without a token.
    Anonymous,
    /// A web page without a token.
    Page,
    /// The browser of a visitor of a link.
    Visitor,
    /// Any user with a token.
    User,
    /// A creator, an operator or the owner of the handle.
    Creator,
    /// An operator or the owner of the handle.
    Operator,
    /// The owner of the handle.
    Owner,
    /// A platform administrator.
    PlatformAdmin,
    /// A program with a personal access token.
    Pat,
}

impl CallerKind {
    /// Whether this is a member of the handle.
    pub fn is_member(self) -> bool {
        matches!(self, Self::Creator | Self::Operator | Self::Owner)
    }
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// No body.
    None,
    /// JSON.
    Json(Value),
    /// The fields of an HTML form.
    Form(&'static str),
}

/// Where a later request's value is in an answer.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// In this member of the JSON body.
    Member(&'static str),
    /// In the `ctx` parameter of the redirect's location.
    Ctx,
}

/// One request to the API and the status it is answered with.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its event file in `events/`: the function and the case.
    pub name: &'static str,
    /// Who may send it.
    pub caller: CallerKind,
    /// The method.
    pub method: &'static str,
    /// The path as the template has it, with `{parameters}`; `$default` for the route of everything else.
    pub path: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The query.
    pub query: &'static str,
    /// The body.
    pub body: Body,
    /// Headers beside those of the caller.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What later requests need of its answer, as placeholder and source.
    pub captures: Vec<(&'static str, Source)>,
    /// Whether it is a write that no quota counts.
    pub is_free: bool,
    /// Whether it takes away what other requests need.
    pub is_final: bool,
    path_values: Vec<(&'static str, &'static str)>,
    raw_path: Option<&'static str>,
    creates: &'static [&'static str],
}

impl Operation {
    fn new(name: &'static str, caller: CallerKind, route: &'static str, status: u16) -> Self {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        Self {
            name,
            caller,
            method,
            path,
            status,
            query: "",
            body: Body::None,
            headers: Vec::new(),
            captures: Vec::new(),
            is_free: false,
            is_final: method == "DELETE",
            path_values: Vec::new(),
            raw_path: None,
            creates: &[],
        }
    }

    fn body(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    fn form(self, fields: &'static str) -> Self {
        Self { body: Body::Form(fields), ..self }
    }

    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn with(mut self, parameter: &'static str, value: &'static str) -> Self {
        self.path_values.push((parameter, value));
        self
    }

    fn captures(mut self, placeholder: &'static str, source: Source) -> Self {
        self.captures.push((placeholder, source));
        self
    }

    /// No quota counts this write.
    fn free(self) -> Self {
        Self { is_free: true, ..self }
    }

    /// It takes away what other requests need, as every DELETE does.
    fn last(self) -> Self {
        Self { is_final: true, ..self }
    }

    /// Names in the body that another call of the operation has to replace, because they are taken.
    fn creates(self, creates: &'static [&'static str]) -> Self {
        Self { creates, ..self }
    }

    /// The path that is sent to the route of everything else.
    fn at(self, raw_path: &'static str) -> Self {
        Self { raw_path: Some(raw_path), ..self }
    }

    /// The same, answered with another status.
    #[must_use]
    pub fn answered(&self, status: u16) -> Self {
        Self { status, ..self.clone() }
    }

    /// The host that it is sent to.
    pub fn host(&self) -> &'static str {
        match self.path {
            path if path.starts_with("/{slug}") => "demo.links.example",
            _ if PAGES.contains(&self.function()) => "app.links.example",
            _ => "api.links.example",
        }
    }

    /// The function that answers.
    pub fn function(&self) -> &'static str {
        function_of(self.name)
    }

    /// The route as the template and API Gateway name it; those for tokens take every method.
    pub fn route_key(&self) -> String {
        match self.path {
            "$default" => self.path.to_owned(),
            path if path.starts_with(PAT_HANDLES) => format!("ANY {path}"),
            path => format!("{} {path}", self.method),
        }
    }

    /// The path parameters with their values.
    pub fn path_parameters(&self) -> Vec<(&'static str, &'static str)> {
        let names = parameters(self.path);
        names
            .map(|name| {
                let known = self.path_values.iter().chain(&PATH_VALUES).find(|(known, _)| *known == name);
                *known.unwrap_or_else(|| panic!("{}: give {{{name}}} a value in PATH_VALUES", self.name))
            })
            .collect()
    }

    /// The path with values for its parameters.
    pub fn raw_path(&self) -> String {
        let parameters = self.path_parameters();
        self.raw_path.map_or_else(|| fill_path(self.path, &parameters), str::to_owned)
    }

    /// The body as it is sent, empty when there is none.
    pub fn body_text(&self) -> String {
        match &self.body {
            Body::None => String::new(),
            Body::Json(body) => body.to_string(),
            Body::Form(fields) => (*fields).to_owned(),
        }
    }

    /// The body of the call `number` of the operation: what it creates has a name that is not taken.
    pub fn body_of_call(&self, number: usize) -> String {
        self.creates.iter().fold(self.body_text(), |body, name| body.replace(name, &format!("{name}-{number}")))
    }

    /// The media type of the body, if there is one.
    pub fn content_type(&self) -> Option<&'static str> {
        match self.body {
            Body::None => None,
            Body::Json(_) => Some("application/json"),
            Body::Form(_) => Some("application/x-www-form-urlencoded"),
        }
    }

    /// Whether it is a write of a user that counts against the quota of the handle's owner.
    pub fn is_charged(&self) -> bool {
        let is_write = matches!(self.method, "PUT" | "POST" | "DELETE");
        is_write && (self.caller.is_member() || self.caller == CallerKind::User) && !self.is_free
    }
}

/// A row of the table.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request to the API.
    Request(Box<Operation>),
    /// An event of a queue or a schedule, whose file in `events/` is written by hand.
    Event(&'static str),
}

impl Step {
    /// Its file in `events/`: the function and the case.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request(operation) => operation.name,
            Self::Event(name) => name,
        }
    }

    /// The function it is for.
    pub fn function(&self) -> &'static str {
        function_of(self.name())
    }
}

impl From<Operation> for Step {
    fn from(operation: Operation) -> Self {
        Self::Request(Box::new(operation))
    }
}

fn function_of(name: &'static str) -> &'static str {
    name.split_once('/').expect("a function and a case").0
}

fn parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(|name| name.trim_end_matches('+'))
}

/// A route with values for its parameters; `{name+}` takes the rest of the path.
pub fn fill_path(path: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value))
}

/// The table, in an order in which every row finds what it needs.
pub fn steps() -> &'static [Step] {
    static STEPS: LazyLock<Vec<Step>> = LazyLock::new(table::rows);
    &STEPS
}

/// Every request of the table.
pub fn requests() -> impl Iterator<Item = &'static Operation> {
    steps().iter().filter_map(|step| match step {
        Step::Request(operation) => Some(&**operation),
        Step::Event(_) => None,
    })
}

/// The operation behind a method and a path of the document; of one for tokens, that of the same handler for users.
#[track_caller]
pub fn find(method: &str, path: &str) -> &'static Operation {
    let path = path.replace(PAT_HANDLES, HANDLES);
    let found = requests().find(|operation| operation.method == method && operation.path == path);
    found.unwrap_or_else(|| panic!("{method} {path} is not in the table of operations: give it a row"))
}

/// Every operation on a handle that its members may call, once each and in the order of the table.
pub fn of_members() -> Vec<&'static Operation> {
    let mut known = BTreeSet::new();
    requests().filter(|operation| operation.caller.is_member() && known.insert((operation.method, operation.path))).collect()
}

/// A path of the document with values for its parameters; `{{…}}` stays where only an answer has the value.
#[track_caller]
pub fn path_of(template: &str) -> String {
    let path = fill_path(template, &PATH_VALUES);
    let unknown = path.replace("{{", "").contains('{');
    assert!(!unknown, "{template}: give its parameter a value in PATH_VALUES");
    path
}
