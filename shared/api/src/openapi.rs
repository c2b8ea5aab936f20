//! The OpenAPI document: made of the handlers' own annotations, with what is true of every route added here.

mod choices;
mod described;
mod pat_routes;

use utoipa::openapi::info::LicenseBuilder;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::{Server, ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{ContentBuilder, OpenApi, RefOr, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use domain::values::form::Fault;

pub use described::{body, forms, parameters};
pub(crate) use pat_routes::token_scopes;

/// The name of the bearer scheme in the document.
pub const BEARER: &str = "jwt";
/// The name of the scheme of personal access tokens in `authorization`.
pub(crate) const TOKEN: &str = "pat";
/// The name of the scheme of personal access tokens in `x-api-key`.
pub(crate) const TOKEN_AS_KEY: &str = "patAsApiKey";

/// The body of every error.
#[derive(serde::Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// A stable code.
    #[schema(example = "invalid_payload")]
    pub error: String,
    /// What to do about it.
    pub message: String,
    /// As in `x-request-id`.
    pub request_id: String,
    /// Every bad field, when the request was refused for its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Fault>>,
}

/// Adds to a document what every route has: the schemes of its callers, the errors any call can meet, ids for its operations,
/// the routes of the PAT family beside those they share a handler with, and the messages webhooks send.
#[must_use]
pub fn complete(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_default();
    components.schemas.insert("ErrorBody".to_owned(), ErrorBody::schema());
    components.schemas.insert("Fault".to_owned(), Fault::schema());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("patv1_<tokenId>.<secret>").build();
    components.add_security_scheme(TOKEN, SecurityScheme::Http(token));
    let key = ApiKeyValue::with_description(crate::token::X_API_KEY, "A personal access token, as in `authorization`.");
    components.add_security_scheme(TOKEN_AS_KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
    document.servers = Some(servers());
    document.tags = Some(tags());
    document.info.license = Some(LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build());
    pat_routes::add(&mut document.paths);
    document.webhooks = Some(crate::messages::webhooks(components));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Delete, &mut item.delete),
            (HttpMethod::Head, &mut item.head),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(operation_id(&method, path));
                add_errors(operation, &method);
            }
        }
    }
    document
}

/// The API of a deployment, and that of a local server.
fn servers() -> Vec<Server> {
    let origin = ServerVariableBuilder::new().default_value("api.10x.example").description(Some("The host of the deployment's API."));
    let port = ServerVariableBuilder::new().default_value("9000").description(Some("The port of the local server."));
    let deployed = ServerBuilder::new().url("https://{apiHost}").description(Some("A deployment.")).parameter("apiHost", origin);
    let local = ServerBuilder::new().url("http://localhost:{port}").description(Some("A local server.")).parameter("port", port);
    vec![deployed.build(), local.build()]
}

/// What the groups of operations are.
fn tags() -> Vec<Tag> {
    let tag = |(name, description): &(&str, &str)| TagBuilder::new().name(*name).description(Some(*description)).build();
    [
        ("links", "Tracked links: created, changed, listed and previewed by the users of a handle."),
        ("rules", "Personalization rules of a handle, evaluated when none of a link's own rules matches."),
        ("campaigns", "Campaigns, which clicks and conversions are credited to."),
        ("conversions", "Accepted conversions, their explanation and their adjustments."),
        ("analytics", "Reports, funnels and exports."),
        ("chain", "Signals of visitors' sessions, and the rules by which pages act on them."),
        ("webhooks", "Subscriptions to events, their deliveries and replays."),
        ("tokens", "Personal access tokens of a handle, for programs."),
        ("handles", "Handles: their users, their usage and their audit log."),
        ("privacy", "The data of a person: what is stored, and its erasure."),
        ("public", "What browsers and merchants call without an account: redirects, contexts, conversions, chain decisions."),
        ("account", "The caller's own account."),
        ("platform-admin", "Accounts, for the operators of the platform."),
        ("system", "Health, and this document."),
    ]
    .iter()
    .map(tag)
    .collect()
}

/// A name for client generators, as unique as method and path: `GET /v2/handles/{handle}/links` is `getHandlesByHandleLinks`.
fn operation_id(method: &HttpMethod, path: &str) -> String {
    let mut id = match method {
        HttpMethod::Get => "get",
        HttpMethod::Put => "put",
        HttpMethod::Post => "post",
        HttpMethod::Delete => "delete",
        HttpMethod::Head => "head",
        HttpMethod::Options => "options",
        HttpMethod::Patch => "patch",
        HttpMethod::Trace => "trace",
    }
    .to_owned();
    for part in path.split('/').filter(|part| *part != "v2") {
        if part.starts_with('{') {
            id.push_str("By");
        }
        for word in part.split(|c: char| !c.is_ascii_alphanumeric()) {
            let mut letters = word.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
    }
    id
}

fn add_errors(operation: &mut Operation, method: &HttpMethod) {
    let is_public = operation.security.as_ref().is_none_or(|schemes| schemes.contains(&SecurityRequirement::default()));
    let may_sign = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let is_write = !matches!(method, HttpMethod::Get | HttpMethod::Head);
    let possible = [
        ("400", true, "A part of the request is invalid; `fields` names each."),
        ("401", may_sign, "The bearer token is missing, invalid, revoked or expired."),
        ("403", may_sign, "The caller's role, scope or plan is insufficient."),
        ("404", true, "Not found, or not visible to this caller."),
        ("413", has_body, "The body is too large."),
        ("415", has_body, "The body is not `application/json`."),
        ("429", is_write || is_public, "A limit is reached; `Retry-After` says when to try again."),
        ("500", true, "Internal error; the request id identifies it."),
        ("503", true, "A service this needs cannot be reached; `Retry-After` says when to try again."),
    ];
    for (status, applies, description) in possible {
        if applies {
            operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(error(description)));
        }
    }
}

fn error(description: &str) -> Response {
    let schema = utoipa::openapi::Ref::from_schema_name("ErrorBody");
    ResponseBuilder::new().description(description).content("application/json", ContentBuilder::new().schema(Some(schema)).build()).build()
}
