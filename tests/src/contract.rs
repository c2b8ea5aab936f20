//! Checks answers against the OpenAPI document.

use std::collections::BTreeSet;
use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};

use crate::Answer;

/// The document, and which of its operations have been seen.
pub struct Contract {
    document: Value,
    seen: Mutex<BTreeSet<(String, String)>>,
}

impl Contract {
    /// Reads the document.
    pub fn new(document: Value) -> Self {
        Self { document, seen: Mutex::default() }
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

    /// Fails the test when the document does not promise this answer.
    #[track_caller]
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) {
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
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let schema: Value =
            json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [whole.clone()], "components": whole["components"]});
        let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{what}: {error}"));
        let body = answer.json();
        let errors: Vec<String> = validator.iter_errors(&body).map(|error| format!("{} at {}", error, error.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:?} in {body}");
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
