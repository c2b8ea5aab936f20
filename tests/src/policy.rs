//! The template's IAM statements: a call of a function beyond them is refused and fails the test.

use std::collections::BTreeMap;

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
        for (action, key, index) in needed(operation, request) {
            let allowed = self
                .0
                .get(function)
                .is_some_and(|statements| statements.iter().any(|statement| statement.allows(&action, key.as_deref(), index.as_deref())));
            if !allowed {
                return Err(format!("{function} may not {action} {} {}", key.unwrap_or_default(), index.unwrap_or_default()));
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

    fn allows(&self, action: &str, key: Option<&str>, index: Option<&str>) -> bool {
        let key_fits = |key: &str| self.leading_keys.iter().any(|pattern| key.starts_with(pattern.trim_end_matches('*')));
        self.actions.iter().any(|allowed| allowed == action) && key.is_none_or(key_fits) && self.index.as_deref() == index
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

/// The permissions a call needs: actions with their partition key and index. A transaction needs those of its parts.
fn needed(operation: &str, request: &Value) -> Vec<(String, Option<String>, Option<String>)> {
    let of_key = |action: &str, key: &Value| (format!("dynamodb:{action}"), key["pk"]["S"].as_str().map(str::to_owned), None);
    match operation {
        "PutItem" => vec![of_key("PutItem", &request["Item"])],
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![of_key(operation, &request["Key"])],
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
            tables.flat_map(|table| table["Keys"].as_array().cloned().unwrap_or_default()).map(|key| of_key("BatchGetItem", &key)).collect()
        }
        "Query" => {
            let placeholder =
                request["KeyConditionExpression"].as_str().and_then(|text| text.split_whitespace().nth(2)).unwrap_or_default();
            let key = request["ExpressionAttributeValues"][placeholder]["S"].as_str().map(str::to_owned);
            vec![("dynamodb:Query".to_owned(), key, request["IndexName"].as_str().map(str::to_owned))]
        }
        "TransactWriteItems" => {
            let parts = request["TransactItems"].as_array().cloned().unwrap_or_default();
            parts
                .iter()
                .flat_map(|part| part.as_object().cloned().unwrap_or_default())
                .map(|(kind, part)| match kind.as_str() {
                    "Put" => of_key("PutItem", &part["Item"]),
                    "Update" => of_key("UpdateItem", &part["Key"]),
                    "Delete" => of_key("DeleteItem", &part["Key"]),
                    _ => of_key("ConditionCheckItem", &part["Key"]),
                })
                .collect()
        }
        "SendMessage" | "SendMessageBatch" => vec![("sqs:SendMessage".to_owned(), None, None)],
        other => vec![(format!("unknown:{other}"), None, None)],
    }
}
