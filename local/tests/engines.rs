//! The engines through the AWS SDKs, over their sockets, as the functions use them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests, outside of test functions")]

use std::{
    collections::BTreeMap,
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use local::{LocalServer, Options};

const ZERO: i64 = 1_800_000_000_000;

async fn server(data: Option<&Path>, clock: &Arc<AtomicI64>) -> LocalServer {
    let clock = Arc::clone(clock);
    let options = Options {
        data: data.map(Path::to_owned),
        environment: BTreeMap::from([("EXTRA".to_owned(), "given".to_owned())]),
        clock: Arc::new(move || clock.load(Ordering::SeqCst)),
        template: include_str!("sample.yaml").into(),
        ..Options::memory()
    };
    LocalServer::open(options).await.unwrap()
}

fn queue_client(server: &LocalServer) -> aws_sdk_sqs::Client {
    let env = server.env("redirect");
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .endpoint_url(&env["AWS_ENDPOINT_URL_SQS"])
        .region(aws_sdk_sqs::config::Region::new(env["AWS_REGION"].clone()))
        .credentials_provider(Credentials::from_keys(&env["AWS_ACCESS_KEY_ID"], &env["AWS_SECRET_ACCESS_KEY"], None))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

fn table_client(server: &LocalServer) -> aws_sdk_dynamodb::Client {
    let env = server.env("redirect");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .endpoint_url(&env["AWS_ENDPOINT_URL_DYNAMODB"])
        .region(aws_sdk_dynamodb::config::Region::new(env["AWS_REGION"].clone()))
        .credentials_provider(Credentials::from_keys(&env["AWS_ACCESS_KEY_ID"], &env["AWS_SECRET_ACCESS_KEY"], None))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

#[tokio::test]
async fn a_reopened_server_has_its_items_and_messages() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(ZERO));
    let first = server(Some(folder.path()), &clock).await;
    let env = first.env("redirect");
    assert_eq!((env["TABLE"].as_str(), env["EXTRA"].as_str(), env["STAGE"].as_str()), ("test-main", "given", "own"));
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let put = table_client(&first).put_item().table_name("test-main");
    put.item("pk", text("a")).item("sk", text("b")).item("gpk", text("g")).send().await.unwrap();
    let url = &env["CLICKS_QUEUE_URL"];
    let sent = queue_client(&first).send_message().queue_url(url).message_body("now").send().await.unwrap();
    queue_client(&first).send_message().queue_url(url).message_body("later").delay_seconds(5).send().await.unwrap();
    drop(first);

    let second = server(Some(folder.path()), &clock).await;
    let query = table_client(&second).query().table_name("test-main").index_name("by-group");
    let query = query.key_condition_expression("gpk = :g").expression_attribute_values(":g", text("g"));
    assert_eq!(query.send().await.unwrap().count(), 1);
    let url = &second.env("redirect")["CLICKS_QUEUE_URL"];
    let receive = || {
        let client = queue_client(&second);
        async move { client.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap() }
    };
    let received = receive().await;
    let [message] = received.messages() else { panic!("one message expected") };
    assert_eq!((message.body(), message.message_id()), (Some("now"), sent.message_id()));
    let handle = message.receipt_handle().unwrap();
    queue_client(&second).delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
    clock.fetch_add(5_000, Ordering::SeqCst);
    assert_eq!(receive().await.messages()[0].body(), Some("later"));
}

#[tokio::test]
async fn a_server_does_not_open_on_a_data_directory_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(AtomicI64::new(ZERO));
    let _first = server(Some(folder.path()), &clock).await;
    let options = Options { data: Some(folder.path().to_owned()), template: include_str!("sample.yaml").into(), ..Options::memory() };
    assert!(matches!(LocalServer::open(options).await, Err(local::Error::InUse(_))));
}

#[tokio::test]
async fn only_the_owner_can_read_the_data_directory_and_its_files() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let clock = Arc::new(AtomicI64::new(ZERO));
    let first = server(Some(&data), &clock).await;
    assert_private(&data);
    drop(first);
    // Files of an earlier version, readable by everyone.
    for entry in std::fs::read_dir(&data).unwrap() {
        std::fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o644)).unwrap();
    }
    let _second = server(Some(&data), &clock).await;
    assert_private(&data);
}

fn assert_private(data: &Path) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data), 0o700);
    let files: Vec<_> = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path()).collect();
    for name in ["dynamodb.sqlite", "messages.journal", "lock"] {
        assert!(files.contains(&data.join(name)), "{name} is missing");
    }
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn batches_and_attributes_pass_the_sdks_checks() {
    use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};
    let clock = Arc::new(AtomicI64::new(ZERO));
    let server = server(None, &clock).await;
    let client = queue_client(&server);
    let url = &server.env("redirect")["CLICKS_QUEUE_URL"];
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("x").build().unwrap();
    let entry = |id: &str, delay: i32| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id).delay_seconds(delay);
        entry.message_attributes("kind", attribute.clone()).build().unwrap()
    };
    let batch = client.send_message_batch().queue_url(url);
    let sent = batch.entries(entry("a", 0)).entries(entry("b", 60)).entries(entry("c", 901)).send().await.unwrap();
    assert_eq!((sent.successful().len(), sent.failed()[0].id()), (2, "c"));
    let depth = server.queue_depth("ClicksQueue").unwrap();
    assert_eq!((depth.visible, depth.delayed), (1, 1));
    let attributes = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    let attributes = attributes.send().await.unwrap();
    let delayed = &attributes.attributes().unwrap()[&QueueAttributeName::ApproximateNumberOfMessagesDelayed];
    assert_eq!(delayed, "1");
    let received = client.receive_message().queue_url(url).message_attribute_names("kind").send().await.unwrap();
    let message = &received.messages()[0];
    assert_eq!(message.message_attributes().unwrap()["kind"].string_value(), Some("x"));
    assert!(message.attributes().is_none_or(|attributes| attributes.is_empty()), "none was requested");
    assert!(client.receive_message().queue_url(url).max_number_of_messages(11).send().await.is_err());
    assert!(client.delete_message().queue_url(url).receipt_handle("garbage").send().await.is_err());
}
