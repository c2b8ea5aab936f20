//! The template's IAM statements: a call of a function beyond them is refused and fails the test.
//!
//! `dynamodb:LeadingKeys` has the keys of a whole call, and a condition with `ForAllValues` must hold for all of them. So one
//! statement has to cover every key of an action in a batch or a transaction.
//!
//! Resources are named by their ids in the template: `Table`, `Table/index/list`, `ClicksQueue`, `PlatformSecret`.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

/// The operator, who runs jobs from the command line with rights of their own.
pub(crate) const OPERATOR: &str = "operator";

/// Allowed actions with their resources and key patterns, by function.
pub(crate) struct Policy(BTreeMap<String, Vec<Statement>>);

struct Statement {
    /// The function it is of, and its Sid.
    name: (String, String),
    actions: Vec<String>,
    leading_keys: Vec<String>,
    resources: Vec<String>,
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
                    statements.push(Statement::of(&binary, statement));
                }
            }
            functions.insert(binary, statements);
        }
        Self(functions)
    }

    /// Every statement, by function and Sid, that allows a call which functions make themselves: queues are polled for them.
    pub(crate) fn statements(&self) -> BTreeSet<(String, String)> {
        let is_called = |statement: &&Statement| !statement.actions.iter().any(|action| action == "sqs:ReceiveMessage");
        self.0.values().flatten().filter(is_called).map(|statement| statement.name.clone()).collect()
    }

    /// Whether the function may make this call; gives the statements that allow it.
    pub(crate) fn check(&self, function: &str, operation: &str, request: &Value) -> Result<Vec<(String, String)>, String> {
        let mut used = Vec::new();
        if function == OPERATOR {
            return Ok(used);
        }
        for ((action, resource), keys) in needed(operation, request) {
            let statements = self.0.get(function).map(Vec::as_slice).unwrap_or_default();
            match statements.iter().find(|statement| statement.allows(&action, &resource, &keys)) {
                Some(statement) => used.push(statement.name.clone()),
                None => return Err(format!("{function} may not {action} {keys:?} of {resource} by one statement")),
            }
        }
        Ok(used)
    }
}

impl Statement {
    fn of(function: &str, statement: &Yaml) -> Self {
        let condition = statement.as_mapping_get("Condition").and_then(|condition| condition.as_mapping_get("ForAllValues:StringLike"));
        Self {
            name: (function.to_owned(), text(statement, "Sid").unwrap_or_default()),
            actions: list(statement, "Action"),
            leading_keys: condition.map(|condition| list(condition, "dynamodb:LeadingKeys")).unwrap_or_default(),
            resources: resources(statement.as_mapping_get("Resource")),
        }
    }

    fn allows(&self, action: &str, resource: &str, keys: &BTreeSet<String>) -> bool {
        let key_fits = |key: &String| self.leading_keys.iter().any(|pattern| key.starts_with(pattern.trim_end_matches('*')));
        let has = |list: &[String], wanted: &str| list.iter().any(|allowed| allowed == wanted);
        has(&self.actions, action) && has(&self.resources, resource) && keys.iter().all(key_fits)
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

/// What a statement is about: one resource or several, each by its id in the template.
fn resources(yaml: Option<&Yaml>) -> Vec<String> {
    let entries = yaml.and_then(Yaml::as_vec).map_or_else(|| yaml.into_iter().collect::<Vec<_>>(), |entries| entries.iter().collect());
    // The parameter TableArn has the ARN of the table in use.
    let id = |arn: String| arn.replace("${", "").replace('}', "").replace("TableArn.Value", "Table").replace(".Arn", "");
    entries.into_iter().filter_map(|entry| untagged(Some(entry)).map(id)).collect()
}

fn list(yaml: &Yaml, name: &str) -> Vec<String> {
    let entries = yaml.as_mapping_get(name).and_then(Yaml::as_vec).map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(Yaml::as_str).map(str::to_owned).collect()
}

/// The permissions a call needs: actions on a resource, on the table with all their partition keys. A transaction needs those of its parts.
fn needed(operation: &str, request: &Value) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut needed: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut need = |action: &str, index: Option<&str>, key: &Value| {
        let resource = index.map_or_else(|| "Table".to_owned(), |index| format!("Table/index/{index}"));
        let keys = needed.entry((format!("dynamodb:{action}"), resource)).or_default();
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
            // The local server names a queue by its id in the template.
            let queue = last_part(&request["QueueUrl"], "/local-");
            needed.insert(("sqs:SendMessage".to_owned(), queue), BTreeSet::new());
        }
        "GetSecretValue" => {
            needed.insert(("secretsmanager:GetSecretValue".to_owned(), last_part(&request["SecretId"], ":")), BTreeSet::new());
        }
        other => {
            needed.insert((format!("unknown:{other}"), String::new()), BTreeSet::new());
        }
    }
    needed
}

/// The name at the end of a URL or an ARN.
fn last_part(name: &Value, separator: &str) -> String {
    name.as_str().and_then(|name| name.rsplit(separator).next()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEMPLATE: &str = r#"
Resources:
  RedirectFunction:
    Metadata: {BuildProperties: {Binary: redirect}}
    Properties:
      Policies:
        - Statement:
            - Action: [dynamodb:PutItem, dynamodb:UpdateItem]
              Resource: !GetAtt TableArn.Value
              Condition: {"ForAllValues:StringLike": {dynamodb:LeadingKeys: ["LINK#*", "HIST#*"]}}
            - Action: [dynamodb:UpdateItem]
              Resource: !GetAtt TableArn.Value
              Condition: {"ForAllValues:StringLike": {dynamodb:LeadingKeys: ["CAMP#*"]}}
            - Action: [dynamodb:Query]
              Resource: !Sub "${TableArn.Value}/index/list"
              Condition: {"ForAllValues:StringLike": {dynamodb:LeadingKeys: ["LINKS#*"]}}
            - Action: [sqs:SendMessage]
              Resource: [!GetAtt ClicksQueue.Arn, !GetAtt EventsQueue.Arn]
            - Action: [secretsmanager:GetSecretValue]
              Resource: !Ref PlatformSecret
"#;

    fn may(function: &str, operation: &str, request: Value) -> bool {
        Policy::of_template(TEMPLATE).check(function, operation, &request).is_ok()
    }

    #[test]
    fn one_statement_covers_all_keys_of_an_action_in_a_transaction() {
        let transaction = |parts: &[(&str, &str)]| {
            let part = |(kind, key): &(&str, &str)| match *kind {
                "Put" => json!({"Put": {"Item": {"pk": {"S": key}}}}),
                kind => json!({kind: {"Key": {"pk": {"S": key}}}}),
            };
            may("redirect", "TransactWriteItems", json!({"TransactItems": parts.iter().map(part).collect::<Vec<_>>()}))
        };
        assert!(
            transaction(&[("Put", "LINK#demo"), ("Put", "HIST#demo#1"), ("Update", "CAMP#demo")]),
            "each action by a statement of its own"
        );
        assert!(transaction(&[("Update", "LINK#demo"), ("Update", "HIST#demo#1")]));
        assert!(!transaction(&[("Update", "LINK#demo"), ("Update", "CAMP#demo")]), "one action by two statements");
        assert!(!transaction(&[("Put", "CAMP#demo")]) && !transaction(&[("Delete", "LINK#demo")]));
    }

    #[test]
    fn the_resource_of_a_call_is_one_of_its_statement() {
        let query = |index: Value, key: &str| json!({"IndexName": index, "KeyConditionExpression": "listPk = :pk", "ExpressionAttributeValues": {":pk": {"S": key}}});
        assert!(may("redirect", "Query", query(json!("list"), "LINKS#demo")));
        assert!(
            !may("redirect", "Query", query(json!("due"), "LINKS#demo")) && !may("redirect", "Query", query(Value::Null, "LINKS#demo"))
        );
        for (queue, allowed) in [("ClicksQueue", true), ("EventsQueue", true), ("RetriesQueue", false), ("ClicksDeadLetters", false)] {
            let url = format!("http://127.0.0.1:9001/000000000000/local-{queue}");
            assert_eq!(may("redirect", "SendMessage", json!({"QueueUrl": url})), allowed, "{queue}");
            assert_eq!(may("redirect", "SendMessageBatch", json!({"QueueUrl": url})), allowed, "{queue}");
        }
        let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:";
        assert!(may("redirect", "GetSecretValue", json!({"SecretId": format!("{arn}PlatformSecret")})));
        assert!(!may("redirect", "GetSecretValue", json!({"SecretId": format!("{arn}OriginPassword")})));
        assert!(!may("links", "GetSecretValue", json!({"SecretId": format!("{arn}PlatformSecret")})), "a function without statements");
    }
}
