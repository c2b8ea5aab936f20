//! Compares every exchange of every test with the OpenAPI document: each answer must be one it promises, each request that is
//! accepted must be valid, and each that is refused for its shape must be invalid.

mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::Answer;

pub use request::{Exception, Sent};

/// The document, and which of its operations have been seen.
pub struct Contract {
    document: Value,
    seen: Mutex<BTreeSet<(String, String)>>,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl Contract {
    /// Reads the document.
    pub fn new(document: Value) -> Self {
        Self { document, seen: Mutex::default(), validators: Mutex::default() }
    }

    /// Operations as method and path.
    pub fn operations(&self) -> BTreeSet<(String, String)> {
        let methods = ["get", "put", "post", "delete", "head"];
        let paths = self.document["paths"].as_object().into_iter().flatten();
        paths
            .flat_map(|(path, item)| {
                methods
                    .iter()
                    .filter(|method| item.get(**method).is_some())
                    .map(|method| (method.to_uppercase(), path.clone()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Operations that have been answered with success.
    pub fn seen(&self) -> BTreeSet<(String, String)> {
        self.seen.lock().expect("seen").clone()
    }

    /// The path in the document of a request to this host: short links are there with their handle.
    pub fn path_of(host: Option<&str>, path: &str) -> String {
        let is_link = !path.split('?').next().is_some_and(|path| path.trim_start_matches('/').contains('/'));
        let is_of_demo = host.is_some_and(|host| host.starts_with("demo."));
        if is_of_demo && is_link { format!("/_edge/redirect/demo{path}") } else { path.to_owned() }
    }

    /// Fails the test when the document does not promise this answer, or says other than the answer whether the request is valid.
    #[track_caller]
    pub fn check(&self, method: &Method, path: &str, sent: &Sent, answer: &Answer) {
        let Some(template) = self.template(path) else { return };
        let operation = &self.document["paths"][&template][method.as_str().to_lowercase()];
        if operation.is_null() {
            return;
        }
        let status = answer.status.as_u16().to_string();
        let promised = &operation["responses"][&status];
        assert!(!promised.is_null(), "{method} {template} answered {status}, which its document does not know: {}", answer.text());
        if answer.status.is_success() || answer.status.is_redirection() {
            self.seen.lock().expect("seen").insert((method.to_string(), template.clone()));
        }
        self.check_request(&format!("{method} {template}"), operation, path, sent, answer);
        if let Some(schema) = promised["content"]["application/json"].get("schema") {
            self.validate(schema, answer, &format!("{method} {template} {status}"));
        }
    }

    #[track_caller]
    fn validate(&self, schema: &Value, answer: &Answer, what: &str) {
        // What goes compressed is the same as what does not.
        let is_readable = answer.header("content-encoding").is_empty() && answer.header("content-type").starts_with("application/json");
        if !is_readable {
            return;
        }
        let validator = self.validator(schema, what);
        let body = answer.json();
        let errors: Vec<String> = validator.iter_errors(&body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:?} in {body}");
    }

    /// The validator of a schema of the document, built once.
    #[track_caller]
    fn validator(&self, schema: &Value, what: &str) -> Arc<Validator> {
        let key = schema.to_string();
        if let Some(known) = self.validators.lock().expect("validators").get(&key) {
            return known.clone();
        }
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "allOf": [schema],
            "components": self.document["components"],
        });
        let built = jsonschema::options()
            .should_validate_formats(true)
            .with_format("uri", |text: &str| url::Url::parse(text).is_ok())
            .build(&whole)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        self.validators.lock().expect("validators").entry(key).or_insert_with(|| Arc::new(built)).clone()
    }

    /// The most literal path template that fits.
    fn template(&self, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == segments.len() && parts.iter().zip(&segments).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let templates = self.document["paths"].as_object()?.keys().filter(|template| fits(template));
        templates.min_by_key(|template| template.matches('{').count()).cloned()
    }
}
