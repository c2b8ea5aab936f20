//! What must stay true of the repository itself: who uses whom, what the template grants, how the sources are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use api::ApiSettings;
use console::ConsoleSettings;
use local::template::{Site, Template};
use runtime::{SecretSource, Settings};
use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Value, json};
use tests::{FUNCTIONS, PAGES, TestEnv};

/// Each may depend only on those to its left.
const LEFT_TO_RIGHT: [&[&str]; 7] = [&["domain"], &["store"], &["runtime"], &["api"], &FUNCTIONS, &["local"], &["tests", "bench"]];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

pub(super) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// Every file with this ending below these folders, by its path from the root.
pub(super) fn files(folders: &[&str], ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                // What npm installs is not ours.
                if !path.ends_with("node_modules") {
                    folders.push(path);
                }
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

const OURS: [&str; 5] = ["shared", "functions", "local", "tests", "bench"];

/// A crate from its Cargo.toml: its name, and the dependencies of each kind.
fn crates() -> Vec<(String, String, BTreeSet<String>)> {
    let manifests = files(&OURS, "Cargo.toml").into_iter();
    manifests
        .map(|path| {
            let text = read(&path);
            let (mut section, mut name, mut dependencies) = (String::new(), String::new(), BTreeSet::new());
            for line in text.lines().map(str::trim) {
                let key = line.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"').to_owned();
                if let Some(header) = line.strip_prefix('[') {
                    section = header.trim_end_matches(']').to_owned();
                    assert!(!section.contains("dependencies."), "{path}: write [{section}] as one line");
                } else if section == "package" && key == "name" {
                    name = line.split('"').nth(1).expect("a name").to_owned();
                } else if section.ends_with("dependencies") && !key.is_empty() && !key.starts_with('#') {
                    assert!(!line.contains("path ="), "{path}: {key} is taken from a path; paths are in the workspace's list");
                    dependencies.insert(key);
                }
            }
            assert!(text.contains("[lints]\nworkspace = true"), "{path} does not keep the workspace's lints");
            (path, name, dependencies)
        })
        .collect()
}

/// The crates that a function links, with the features it asks for.
fn linked_by(function: &str) -> BTreeSet<String> {
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", function, "--edges", "normal", "--prefix", "none", "--format", "{lib}"])
        .current_dir(root())
        .output()
        .expect("cargo tree");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8_lossy(&tree.stdout).split_whitespace().map(str::to_owned).collect()
}

#[test]
fn workers_neither_use_the_api_crate_nor_link_what_only_apis_need() {
    let only_for_apis = ["api", "axum", "axum_core", "utoipa", "utoipa_axum", "jsonwebtoken", "lambda_http"];
    assert!(only_for_apis.iter().all(|name| linked_by("accounts").contains(*name)), "the names are those of libraries");
    for worker in ["click-worker", "event-worker", "delivery-worker", "sweeper", "recounter"] {
        let linked = linked_by(worker);
        assert!(linked.contains("runtime") && linked.contains("store"), "{worker}: {linked:?}");
        for name in only_for_apis {
            assert!(!linked.contains(name), "{worker} links {name}");
        }
    }
}

#[test]
fn crates_depend_only_on_those_to_their_left() {
    let place = |name: &str| LEFT_TO_RIGHT.iter().position(|names| names.contains(&name));
    let crates = crates();
    assert_eq!(crates.len(), LEFT_TO_RIGHT.iter().map(|names| names.len()).sum::<usize>());
    for (path, name, dependencies) in &crates {
        let here = place(name).unwrap_or_else(|| panic!("{path}: {name} has no place"));
        for (there, dependency) in dependencies.iter().filter_map(|dependency| Some((place(dependency)?, dependency))) {
            assert!(there < here, "{name} uses {dependency}, which is not to its left");
        }
    }
    let (_, _, domain) = crates.iter().find(|(_, name, _)| name == "domain").expect("domain");
    for dependency in domain {
        let is_worldly =
            ["tokio", "axum", "reqwest", "http", "hyper", "tower", "tracing", "getrandom", "rand"].contains(&dependency.as_str());
        let prefix = ["lambda", "aws", "utoipa-axum"].into_iter().find(|prefix| dependency.starts_with(prefix));
        assert!(!is_worldly && prefix.is_none(), "domain uses {dependency}");
    }
}

#[test]
fn only_the_store_names_the_aws_sdk_and_the_keys_secrets_manager() {
    let sources = files(&["shared/domain/src", "shared/runtime/src", "shared/api/src", "functions", "local/src"], ".rs").into_iter();
    let naming: Vec<String> = sources.filter(|path| read(path).contains("aws_sdk_")).collect();
    assert_eq!(naming, ["shared/runtime/src/keys/secret.rs"]);
    assert!(!read("shared/runtime/src/keys/secret.rs").replace("aws_sdk_secretsmanager", "").contains("aws_sdk_"));
    for (path, name, dependencies) in crates() {
        let sdks: Vec<&str> = dependencies.iter().map(String::as_str).filter(|dependency| dependency.starts_with("aws-sdk-")).collect();
        let expected: &[&str] = match name.as_str() {
            "store" | "local" => &["aws-sdk-dynamodb", "aws-sdk-sqs"], // local: its own tests of the engines
            "runtime" => &["aws-sdk-secretsmanager"],
            _ => &[],
        };
        assert_eq!(sdks, expected, "{path}");
    }
}

#[test]
fn there_is_one_tls_stack_and_it_is_not_openssl_or_aws_lc() {
    let lock = read("Cargo.lock");
    for unwanted in ["aws-lc-sys", "aws-lc-rs", "openssl-sys", "openssl", "native-tls", "boring-sys"] {
        assert!(!lock.contains(&format!("name = \"{unwanted}\"")), "{unwanted} came into the tree");
    }
    assert_eq!(lock.matches("name = \"rustls\"\n").count(), 1, "two versions of rustls");
}

// ---------------------------------------------------------------- the template

/// The template as JSON; `!Ref X` becomes `{"!Ref": "X"}`.
pub(super) fn template() -> Value {
    fn node(yaml: &YamlOwned) -> Value {
        match yaml {
            YamlOwned::Value(ScalarOwned::Boolean(value)) => json!(value),
            YamlOwned::Value(ScalarOwned::Integer(value)) => json!(value),
            YamlOwned::Value(ScalarOwned::String(value)) => json!(value),
            YamlOwned::Sequence(items) => items.iter().map(node).collect(),
            YamlOwned::Mapping(members) => {
                members.iter().map(|(name, value)| (name.as_str().expect("a name").to_owned(), node(value))).collect::<Map<_, _>>().into()
            }
            YamlOwned::Tagged(tag, inner) => json!({format!("!{}", tag.suffix): node(inner)}),
            other => panic!("{other:?} in the template"),
        }
    }
    node(YamlOwned::load_from_str(&read("template.yaml")).expect("YAML").first().expect("a document"))
}

/// The resources of one type with their properties.
pub(super) fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_object().expect("resources").iter();
    resources.filter(|(_, resource)| resource["Type"] == kind).map(|(id, resource)| (id.clone(), resource.clone())).collect()
}

pub(super) fn functions(template: &Value) -> BTreeMap<String, Value> {
    resources(template, "AWS::Serverless::Function")
}

pub(super) fn binary(function: &Value) -> &str {
    function["Metadata"]["BuildProperties"]["Binary"].as_str().expect("a binary")
}

/// What a function may do; one without policies may do nothing.
fn statements(function: &Value) -> Vec<Value> {
    let policies = function["Properties"]["Policies"].as_array().into_iter().flatten();
    policies.flat_map(|policy| policy["Statement"].as_array().expect("statements").clone()).collect()
}

fn actions(statement: &Value) -> Vec<String> {
    statement["Action"].as_array().expect("a list of actions").iter().map(|action| action.as_str().expect("an action").to_owned()).collect()
}

/// Whether a statement grants `action` on `resource`, such as `ClicksQueue`.
fn grants(function: &Value, action: &str, resource: &str) -> bool {
    let covers = |statement: &Value| {
        actions(statement).iter().any(|granted| granted == action) && statement["Resource"].to_string().contains(&format!("\"{resource}"))
    };
    statements(function).iter().any(covers)
}

#[test]
fn every_statement_names_its_actions_its_resource_and_its_keys() {
    let template = template();
    let tables = ["table.rs", "table/lists.rs", "table/webhooks.rs", "table/reports.rs", "table/privacy.rs"];
    let keys: String = tables.iter().map(|file| read(format!("shared/store/src/dynamo/{file}"))).collect();
    let indexes: Vec<String> = resources(&template, "AWS::DynamoDB::Table")["Table"]["Properties"]["GlobalSecondaryIndexes"]
        .as_array()
        .expect("indexes")
        .iter()
        .map(|index| index["IndexName"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(indexes, [store::table::DUE, store::table::LIST]);
    for (id, function) in functions(&template) {
        assert_eq!(statements(&function).is_empty(), PAGES.contains(&binary(&function)), "{id} may do nothing, or more than it should");
        for statement in statements(&function) {
            let what = format!("{id} {}", statement["Sid"]);
            assert_eq!(statement["Effect"], "Allow", "{what}");
            let resource = statement["Resource"].to_string();
            assert!(statement["Resource"].is_object() || statement["Resource"].is_array(), "{what}: {resource} is no reference");
            assert!(!resource.contains('*') && actions(&statement).iter().all(|action| !action.contains('*')), "{what} has a *");
            let on_table = actions(&statement).iter().filter(|action| action.starts_with("dynamodb:")).count();
            if on_table == 0 {
                continue;
            }
            assert_eq!(on_table, actions(&statement).len(), "{what} mixes services");
            assert!(!actions(&statement).contains(&"dynamodb:Scan".to_owned()), "{what} reads everything");
            let leading = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                .as_array()
                .unwrap_or_else(|| panic!("{what} is not held to keys"));
            assert!(!leading.is_empty(), "{what}");
            for pattern in leading.iter().map(|pattern| pattern.as_str().expect("a pattern")) {
                // A class of keys, or the one key of a list that has no others.
                let (class, key) =
                    pattern.strip_suffix("#*").map_or((pattern, format!("\"{pattern}\"")), |class| (class, format!("\"{class}#")));
                assert!(
                    class.chars().all(|letter| letter.is_ascii_uppercase()) && keys.contains(&key),
                    "{what}: the table has no {pattern}"
                );
            }
            // ForAllValues is true of a request that names no key; Null is what refuses those.
            assert_eq!(statement["Condition"]["Null"]["dynamodb:LeadingKeys"], "false", "{what} is open to requests without a key");
            match statement["Resource"]["!Sub"].as_str() {
                Some(arn) => {
                    let index = arn.strip_prefix("${TableArn.Value}/index/").unwrap_or_else(|| panic!("{what}: {arn}"));
                    assert!(indexes.contains(&index.to_owned()), "{what}: there is no index {index}");
                    assert_eq!(actions(&statement), ["dynamodb:Query"], "{what}");
                }
                None => assert_eq!(statement["Resource"], json!({"!GetAtt": "TableArn.Value"}), "{what}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_beyond_its_functions_statements_is_refused_and_fails_the_test_that_made_it() {
    let trespass = tokio::spawn(async {
        let env = TestEnv::new().await;
        // The redirect may not read accounts.
        let outcome = env.app("redirect").store().accounts().get(&"owner".parse().expect("a user")).await;
        (outcome.is_err(), env.faults.violations().len(), std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(env))).is_err())
    });
    assert_eq!(trespass.await.expect("the trespass"), (true, 1, true));
}

#[test]
fn every_queue_waits_longer_than_its_worker_and_has_a_dead_letter_queue() {
    let template = template();
    let (queues, functions) = (resources(&template, "AWS::SQS::Queue"), functions(&template));
    let mappings = resources(&template, "AWS::Lambda::EventSourceMapping");
    let arn = |value: &Value| value["!GetAtt"].as_str().and_then(|path| path.strip_suffix(".Arn")).expect("an ARN").to_owned();
    let mut consumed = BTreeSet::new();
    for (id, mapping) in &mappings {
        let mapping = &mapping["Properties"];
        let queue = arn(&mapping["EventSourceArn"]);
        let worker = &functions[mapping["FunctionName"]["!Ref"].as_str().expect("a function")];
        let timeout = worker["Properties"]["Timeout"].as_u64().expect("a worker sets its timeout");
        let visibility = queues[&queue]["Properties"]["VisibilityTimeout"].as_u64().expect("a visibility timeout");
        assert!(visibility >= 6 * timeout, "{queue} hides a message for {visibility} s, its worker may take {timeout} s");
        assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{id}");
        let (batch, window) =
            (mapping["BatchSize"].as_u64().expect("a batch size"), mapping["MaximumBatchingWindowInSeconds"].as_u64().expect("a window"));
        assert!(batch <= 10 || window >= 1, "{id}: a batch of {batch} needs a window");
        let most = &template["Parameters"][mapping["ScalingConfig"]["MaximumConcurrency"]["!Ref"].as_str().expect("a parameter")];
        assert!(most["MinValue"].as_u64() == Some(2) && most["Default"].as_u64().is_some(), "{id}");
        for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
            assert!(grants(worker, action, &queue), "{id}: its function may not {action}");
        }
        consumed.insert(queue);
    }
    for (id, queue) in &queues {
        let queue = &queue["Properties"];
        assert_eq!(queue["SqsManagedSseEnabled"], true, "{id}");
        let Some(redrive) = queue.get("RedrivePolicy") else {
            assert!(!consumed.contains(id), "{id} has no dead letters");
            continue;
        };
        let dead = arn(&redrive["deadLetterTargetArn"]);
        let kept = |properties: &Value| properties["MessageRetentionPeriod"].as_u64().expect("a retention");
        assert!(kept(&queues[&dead]["Properties"]) > kept(queue), "{dead} forgets as soon as {id}");
        assert!(redrive["maxReceiveCount"].as_u64().is_some_and(|most| most >= 5), "{id} gives up at once");
        assert!(template["Resources"].to_string().contains(&format!("{dead}.QueueName")), "no alarm watches {dead}");
    }
    let sources = functions.values().flat_map(|function| function["Properties"]["Events"].as_object().into_iter().flatten());
    assert!(sources.into_iter().all(|(_, event)| event["Type"] != "SQS"), "an SQS event of SAM brings a policy over all queues");
}

#[test]
fn the_table_forgets_by_ttl_can_be_restored_and_outlives_its_stack() {
    let template = template();
    for (id, table) in resources(&template, "AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(properties["TimeToLiveSpecification"], json!({"AttributeName": "ttl", "Enabled": true}), "{id}");
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(properties["DeletionProtectionEnabled"], true, "{id}");
        assert_eq!((&table["DeletionPolicy"], &table["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")), "{id}");
    }
    for id in ["ClicksQueue", "ClicksDeadLetters", "EventsQueue", "EventsDeadLetters", "RedirectLogs", "MoneyLogs", "PlatformSecret"] {
        let resource = &template["Resources"][id];
        assert_eq!((&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")), "{id}");
    }
}

#[test]
fn every_function_has_a_folder_a_binary_and_time_for_its_calls() {
    let template = template();
    let longest_call = store::sdk_settings::timeouts().operation_timeout().expect("a timeout").as_secs();
    let mut binaries = BTreeSet::new();
    for (id, function) in functions(&template) {
        let binary = binary(&function).to_owned();
        assert_eq!(function["Properties"]["CodeUri"], format!("functions/{binary}/"), "{id}");
        let timeout =
            function["Properties"]["Timeout"].as_u64().or(template["Globals"]["Function"]["Timeout"].as_u64()).expect("a timeout");
        assert!(timeout > 2 * longest_call && timeout < 900, "{id}: {timeout} s");
        binaries.insert(binary);
    }
    assert_eq!(binaries, FUNCTIONS.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(template["Globals"]["Function"]["Environment"]["Variables"]["STAGE"], "prod");
}

#[test]
fn every_function_finds_in_its_environment_what_it_needs_and_nothing_else() {
    let raw = template();
    let parameters = [
        ("PublicDomain", "10x.example"),
        ("JwksUrl", "https://idp.example/jwks.json"),
        ("JwtIssuer", "https://idp.example"),
        ("JwtClientId", "client"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let site = Site {
        region: "eu-central-1".into(),
        account: "123456789012".into(),
        queue_endpoint: "https://sqs.eu-central-1.amazonaws.com".into(),
        parameters,
    };
    let resolved = Template::parse(&read("template.yaml"), &site).expect("a template");
    let lambda = [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_SESSION_TOKEN", "t")];
    let for_pages = read("functions/console/src/settings.rs");
    let for_all = ["runtime/src/settings.rs", "runtime/src/start.rs"].map(|file| read(format!("shared/{file}"))).concat();
    let for_http = read("shared/api/src/settings.rs");
    for function in &resolved.functions {
        let is_pages = PAGES.contains(&function.binary.as_str());
        let is_http = !function.routes.is_empty() && !is_pages;
        for name in function.environment.keys() {
            let is_read = |readers: &str| readers.contains(&format!("\"{name}\""));
            let is_read = is_read(&for_all) || (is_http && is_read(&for_http)) || (is_pages && is_read(&for_pages));
            assert!(is_read, "{}: nothing reads {name}", function.id);
        }
        let variable = |name: &str| {
            function
                .environment
                .get(name)
                .cloned()
                .or_else(|| lambda.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(ConsoleSettings::read(variable).is_ok(), is_http || is_pages, "{}", function.id);
        let settings = Settings::read(variable).unwrap_or_else(|error| panic!("{}: {error}", function.id));
        assert!(settings.production, "{}", function.id);
        assert_eq!(ApiSettings::read(variable).is_ok(), is_http, "{}: only functions behind HTTP get what ApiSettings needs", function.id);
        let grants = |action: &str, resource: &str| grants(&raw["Resources"][&function.id], action, resource);
        assert_eq!(settings.queues.clicks.is_some(), grants("sqs:SendMessage", "ClicksQueue"), "{}", function.id);
        assert_eq!(settings.queues.events.is_some(), grants("sqs:SendMessage", "EventsQueue"), "{}", function.id);
        assert_eq!(settings.queues.click_events.is_some(), grants("sqs:SendMessage", "ClickEventsQueue"), "{}", function.id);
        assert_eq!(settings.queues.deliveries.is_some(), grants("sqs:SendMessage", "DeliveriesQueue"), "{}", function.id);
        assert_eq!(settings.queues.retries.is_some(), grants("sqs:SendMessage", "RetriesQueue"), "{}", function.id);
        assert_eq!(
            matches!(settings.secret, SecretSource::Manager { .. }),
            grants("secretsmanager:GetSecretValue", "PlatformSecret"),
            "{}",
            function.id
        );
        let with = |name: &str, value: &str| {
            let (name, value) = (name.to_owned(), value.to_owned());
            move |asked: &str| if asked == name { Some(value.clone()) } else { variable(asked) }
        };
        for (name, value) in [("PLATFORM_SECRET", "{}"), ("WEBHOOK_EGRESS", "local"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")] {
            let refused = Settings::read(with(name, value)).expect_err("a local switch in production");
            assert_eq!(refused.name, name, "{}", function.id);
        }
        let local_only = [("JWT_HS256_SECRET", "0123456789abcdef0123456789abcdef"), ("TRUST_VIEWER_HEADERS", "true")];
        for (name, value) in local_only.into_iter().filter(|_| is_http) {
            let refused = ApiSettings::read(with(name, value)).expect_err("a local switch in production");
            assert_eq!(refused.name, name, "{}", function.id);
        }
    }
}

// ---------------------------------------------------------------- the sources

/// A file without the tests at its end, and those.
fn product_and_tests(text: &str) -> (&str, &str) {
    text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""))
}

/// Lines that are neither blank nor comment, without the tests at the end.
fn lines_of_code(text: &str) -> usize {
    product_and_tests(text).0.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The longest function of formatted source and its number of lines, without the tests at the end.
fn longest_function(text: &str) -> (usize, &str) {
    let lines: Vec<&str> = product_and_tests(text).0.lines().collect();
    let is_start = |line: &str| {
        !line.trim_start().starts_with("//") && line.split(['"', '(']).next().is_some_and(|head| head.split(' ').any(|word| word == "fn"))
    };
    let length = |at: usize| {
        let indent = lines[at].len() - lines[at].trim_start().len();
        let closes = |line: &&str| line.trim_start() == "}" && line.len() == indent + 1;
        if lines[at].ends_with(['}', ';']) { 1 } else { 1 + lines[at..].iter().position(closes).unwrap_or_default() }
    };
    (0..lines.len()).filter(|at| is_start(lines[*at])).map(|at| (length(at), lines[at].trim())).max().unwrap_or_default()
}

#[test]
fn every_source_file_says_what_it_is_and_stays_short() {
    let sources = files(&OURS, ".rs");
    assert!(sources.len() > 150, "{} files", sources.len());
    for path in sources {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{path} does not open with a sentence on what it is");
        // Tests are tables of cases.
        let is_test = path.contains("/tests/") || path.starts_with("tests/suites/") || path.ends_with("/tests.rs");
        assert!(is_test || lines_of_code(&text) <= 300, "{path} has {} lines of code", lines_of_code(&text));
        let (lines, function) = longest_function(&text);
        assert!(is_test || lines <= 60, "{path}: {lines} lines in {function}");
    }
}

#[test]
fn no_test_sleeps_or_is_left_out_and_no_lint_is_silenced() {
    let (left_out, sleeping) = (concat!("#[ign", "ore"), concat!("sle", "ep("));
    let silenced = ["unwrap_used", "expect_used", "indexing_slicing", "clippy::panic", "unsafe_code"];
    for path in files(&OURS, ".rs") {
        let text = read(&path);
        assert!(!text.contains(left_out), "{path} leaves a test out");
        let is_test =
            path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("/testing.rs");
        let (product, tests) = if is_test { ("", text.as_str()) } else { product_and_tests(&text) };
        assert!(!tests.contains(sleeping), "{path} sleeps in a test");
        let product = if path.starts_with("bench/") { "" } else { product };
        for lint in silenced {
            assert!(!product.contains(lint), "{path} silences {lint}");
        }
    }
    for path in files(&["functions", "shared", "local"], "Cargo.toml") {
        assert!(!read(&path).contains("\"testing\""), "{path} enables sample values that are for tests");
    }
    let workspace = read("Cargo.toml");
    for lint in
        ["unwrap_used = \"deny\"", "expect_used = \"deny\"", "indexing_slicing = \"deny\"", "panic = \"deny\"", "unsafe_code = \"deny\""]
    {
        assert!(workspace.contains(lint), "the workspace does not say {lint}");
    }
}

// ---------------------------------------------------------------- the folders of domain

/// The folders of domain: each uses only folders of lines above it.
const DOMAIN_LEVELS: [&[&str]; 6] = [
    &["values"],
    &["accounts", "links", "clicks"],
    &["routing", "campaigns"],
    &["chain", "conversions"],
    &["webhooks", "reports"],
    &["privacy"],
];

/// One path that a file names, as its segments from the root of the crate, and the name it is imported under.
type Import = (Vec<String>, String);

/// A module of domain: its code without comments and tests, its imports, and the names it only passes on.
struct Module {
    code: String,
    imports: Vec<Import>,
    passed_on: BTreeMap<String, Vec<String>>,
}

/// The paths of a use tree such as `a::{self, b as c, d::{E, F}}`, each with the name it is imported under.
fn use_tree(text: &str) -> Vec<(String, String)> {
    let text = text.trim();
    let Some((prefix, rest)) = text.split_once('{') else {
        let (path, name) = text.split_once(" as ").unwrap_or((text, text.rsplit("::").next().unwrap_or_default()));
        return vec![(path.trim().to_owned(), name.trim().to_owned())];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let mut depth = 0;
    let items = inner.split(|letter: char| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        letter == ',' && depth == 0
    });
    let of_item = |item: &str| use_tree(item).into_iter();
    let paths = items.filter(|item| !item.trim().is_empty()).flat_map(of_item);
    paths
        .map(|(path, name)| match path.as_str() {
            "self" => {
                (prefix.trim_end_matches("::").to_owned(), prefix.trim_end_matches("::").rsplit("::").next().unwrap_or_default().to_owned())
            }
            _ => (format!("{prefix}{path}"), name),
        })
        .collect()
}

/// Every module of domain by its path, such as `clicks::agent`.
fn domain_modules() -> BTreeMap<String, Module> {
    let source = "shared/domain/src/";
    let paths = files(&["shared/domain/src"], ".rs").into_iter();
    let texts = paths.filter(|path| {
        !path.ends_with("/tests.rs") && !path.contains("/tests/") && !path.ends_with("/lib.rs") && !path.ends_with("/testing.rs")
    });
    let texts: BTreeMap<String, String> = texts
        .map(|path| {
            let text = read(&path);
            let code = product_and_tests(&text).0.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            let module = path.trim_start_matches(source).trim_end_matches(".rs").replace('/', "::");
            (module, code)
        })
        .collect();
    let absolute = |module: &str, path: &str| -> Option<Vec<String>> {
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        let whole = match first {
            "crate" => rest.to_owned(),
            "super" => format!("{parent}::{rest}"),
            "self" => format!("{module}::{rest}"),
            child if texts.contains_key(&format!("{module}::{child}")) => format!("{module}::{path}"),
            _ => return None,
        };
        Some(whole.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect())
    };
    texts
        .iter()
        .map(|(module, code)| {
            let (mut imports, mut passed_on, mut rest) = (Vec::new(), BTreeMap::new(), String::new());
            for statement in code.split_inclusive(';') {
                let start = statement.rfind("use ").filter(|_| statement.ends_with(';'));
                let Some((before, tree)) = start.map(|start| statement.split_at(start)) else {
                    rest.push_str(statement);
                    continue;
                };
                let indent = before.lines().last().unwrap_or_default();
                let is_public = indent.trim_start().starts_with("pub");
                // An indented `use` is one of a module within the file, whose parent is the file's.
                let within = if indent.starts_with(' ') { format!("{module}::within") } else { module.clone() };
                for (path, name) in use_tree(tree.trim_start_matches("use ").trim_end_matches(';')) {
                    match absolute(&within, &path) {
                        Some(path) if is_public => drop(passed_on.insert(name, path)),
                        Some(path) => imports.push((path, name)),
                        None => {}
                    }
                }
            }
            // Paths written out in the code, and names that are passed on and used here as well.
            for path in rest.split("crate::").skip(1) {
                let path =
                    path.split(|letter: char| letter != ':' && letter != '_' && !letter.is_alphanumeric()).next().unwrap_or_default();
                imports.extend(absolute(module, &format!("crate::{path}")).map(|path| (path, String::new())));
            }
            let words: BTreeSet<&str> = rest.split(|letter: char| letter != '_' && !letter.is_alphanumeric()).collect();
            imports.extend(
                passed_on.iter().filter(|(name, _)| words.contains(name.as_str())).map(|(name, path)| (path.clone(), name.clone())),
            );
            (module.clone(), Module { code: rest, imports, passed_on })
        })
        .collect()
}

/// The module that declares what a path names, followed through the modules that pass it on.
fn declaring(modules: &BTreeMap<String, Module>, path: &[String]) -> Option<String> {
    let depth = (1..=path.len()).rev().find(|depth| modules.contains_key(&path[..*depth].join("::")))?;
    let module = path[..depth].join("::");
    match path.get(depth).and_then(|name| modules[&module].passed_on.get(name)) {
        Some(onward) => declaring(modules, onward),
        None => Some(module),
    }
}

#[test]
fn folders_of_domain_use_only_those_below_and_its_files_form_no_circle() {
    let modules = domain_modules();
    assert!(modules.len() > 50 && modules.values().all(|module| !module.code.is_empty()), "{} modules", modules.len());
    let level = |module: &str| {
        let folder = module.split("::").next().unwrap_or_default();
        DOMAIN_LEVELS.iter().position(|folders| folders.contains(&folder)).unwrap_or_else(|| panic!("{folder} has no level"))
    };
    let folder = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, found) in &modules {
        for (path, _) in &found.imports {
            let there = declaring(&modules, path).unwrap_or_else(|| panic!("{module} imports {path:?}"));
            if there == *module {
                continue;
            }
            assert!(folder(&there) == folder(module) || level(&there) < level(module), "{module} uses {there}, which is not below it");
            uses.entry(module.clone()).or_default().insert(there);
        }
    }
    // Whatever uses nothing that is left goes, until only circles are left.
    let mut left: BTreeSet<&String> = modules.keys().collect();
    let used =
        |module: &String, left: &BTreeSet<&String>| uses.get(module).is_some_and(|uses| uses.iter().any(|there| left.contains(there)));
    while let Some(free) = left.iter().copied().find(|module| !used(module, &left)) {
        left.remove(free);
    }
    assert!(left.is_empty(), "these files use each other in a circle, or use one that does: {left:?}");
}

#[test]
fn files_outside_tests_have_at_most_300_lines() {
    let sources = files(&["shared", "functions", "local/src", "bench/src"], ".rs").into_iter();
    let is_test = |path: &str| path.contains("/tests/") || path.ends_with("/tests.rs");
    let long: Vec<String> = sources.filter(|path| !is_test(path) && read(path).lines().count() > 300).collect();
    assert!(long.is_empty(), "split these by topic: {long:?}");
}
