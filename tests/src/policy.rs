//! The template's IAM statements: a call of a function beyond them is refused and fails the test.
//!
//! `dynamodb:LeadingKeys` has the keys of a whole call, and a condition with `ForAllValues` must hold for all of them. So one
//! statement has to cover every key of an action in a batch or a transaction.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

/// The operator, who runs jobs from the command line with rights of their own.
pub(crate) const OPERATOR: &str = "operator";

/// Allowed actions with their key patterns (or queue), by function.
pub(crate) struct Policy(BTreeMap<String, Vec<Statement>>);

struct Statement {
    actions: Vec<String>,
    leading_keys: Vec<String>,
    index: Option<String>,
}

impl Policy {
    /// Reads the statements of every function.
    pub(crate) fn of_template(template: &str) -> Self {
        let documents = Yaml::load_from_str(template).expect("the template is YAML");
        let resources = &documents.first().expect("a document")["Resources"];
        let mut functions = BTreeMap::new();
        for (_, resource) in resources.as_mapping().expect("resources") {
            let binary = resource
                .as_mapping_get("Metadata")
                .and_then(|meta| meta.as_mapping_get("BuildProperties"))
                .and_then(|build| text(build, "Binary"));
            let policies = resource.as_mapping_get("Properties").and_then(|properties| properties.as_mapping_get("Policies"));
            let (Some(binary), Some(policies)) = (binary, policies) else { continue };
            let mut statements = Vec::new();
            for policy in policies.as_vec().expect("policies") {
                for statement in policy.as_mapping_get("Statement").and_then(Yaml::as_vec).expect("statements") {
                    statements.push(Statement::of(statement));
                }
            }
            functions.insert(binary, statements);
        }
        Self(functions)
    }

    /// Whether the function may make this call.
    pub(crate) fn check(&self, function: &str, operation: &str, request: &Value) -> Result<(), String> {
        if function == OPERATOR {
            return Ok(());
        }
        for ((action, index), keys) in needed(operation, request) {
            let statements = self.0.get(function).map(Vec::as_slice).unwrap_or_default();
            if !statements.iter().any(|statement| statement.allows(&action, &keys, index.as_deref())) {
                return Err(format!("{function} may not {action} {keys:?} {} by one statement", index.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

impl Statement {
    fn of(statement: &Yaml) -> Self {
        let condition = statement.as_mapping_get("Condition").and_then(|condition| condition.as_mapping_get("ForAllValues:StringLike"));
        Self {
            actions: list(statement, "Action"),
            leading_keys: condition.map(|condition| list(condition, "dynamodb:LeadingKeys")).unwrap_or_default(),
            index: untagged(statement.as_mapping_get("Resource")).and_then(|arn| arn.split("/index/").nth(1).map(str::to_owned)),
        }
    }

    fn allows(&self, action: &str, keys: &BTreeSet<String>, index: Option<&str>) -> bool {
        let key_fits = |key: &String| self.leading_keys.iter().any(|pattern| key.starts_with(pattern.trim_end_matches('*')));
        self.actions.iter().any(|allowed| allowed == action) && keys.iter().all(key_fits) && self.index.as_deref() == index
    }
}

fn text(yaml: &Yaml, name: &str) -> Option<String> {
    yaml.as_mapping_get(name).and_then(Yaml::as_str).map(str::to_owned)
}

/// The text of a value that may carry a tag such as `!Sub`.
fn untagged(yaml: Option<&Yaml>) -> Option<String> {
    match yaml? {
        Yaml::Tagged(_, inner) => inner.as_str().map(str::to_owned),
        other => other.as_str().map(str::to_owned),
    }
}

fn list(yaml: &Yaml, name: &str) -> Vec<String> {
    let entries = yaml.as_mapping_get(name).and_then(Yaml::as_vec).map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(Yaml::as_str).map(str::to_owned).collect()
}

/// The permissions a call needs: actions on the table or an index of it, with all their partition keys. A transaction needs those of
/// its parts.
fn needed(operation: &str, request: &Value) -> BTreeMap<(String, Option<String>), BTreeSet<String>> {
    let mut needed: BTreeMap<(String, Option<String>), BTreeSet<String>> = BTreeMap::new();
    let mut need = |action: &str, index: Option<&str>, key: &Value| {
        let keys = needed.entry((format!("dynamodb:{action}"), index.map(str::to_owned))).or_default();
        // A call without a key fits no statement.
        keys.insert(key.as_str().unwrap_or("without a key").to_owned());
    };
    let tables = || request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    match operation {
        "PutItem" => need(operation, None, &request["Item"]["pk"]["S"]),
        "GetItem" | "UpdateItem" | "DeleteItem" => need(operation, None, &request["Key"]["pk"]["S"]),
        "BatchGetItem" => {
            for key in tables().flat_map(|table| table["Keys"].as_array().into_iter().flatten()) {
                need(operation, None, &key["pk"]["S"]);
            }
        }
        "BatchWriteItem" => {
            for write in tables().flat_map(|writes| writes.as_array().into_iter().flatten()) {
                let key = if write["PutRequest"].is_object() { &write["PutRequest"]["Item"] } else { &write["DeleteRequest"]["Key"] };
                need(operation, None, &key["pk"]["S"]);
            }
        }
        "Query" => {
            let expression = request["KeyConditionExpression"].as_str().unwrap_or_default();
            let placeholder = expression.split_whitespace().nth(2).unwrap_or_default();
            need(operation, request["IndexName"].as_str(), &request["ExpressionAttributeValues"][placeholder]["S"]);
        }
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().into_iter().flatten();
            for (kind, part) in parts.flat_map(|part| part.as_object().into_iter().flatten()) {
                match kind.as_str() {
                    "Put" => need("PutItem", None, &part["Item"]["pk"]["S"]),
                    "Update" => need("UpdateItem", None, &part["Key"]["pk"]["S"]),
                    "Delete" => need("DeleteItem", None, &part["Key"]["pk"]["S"]),
                    _ => need("ConditionCheckItem", None, &part["Key"]["pk"]["S"]),
                }
            }
        }
        "SendMessage" | "SendMessageBatch" => {
            needed.insert(("sqs:SendMessage".to_owned(), None), BTreeSet::new());
        }
        other => {
            needed.insert((format!("unknown:{other}"), None), BTreeSet::new());
        }
    }
    needed
}
