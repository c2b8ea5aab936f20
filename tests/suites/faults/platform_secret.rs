//! The platform secret as a deployment has it: in Secrets Manager, wherever that is.

use local::keys::Keys;
use serde_json::json;
use tests::{Behaviour, Receiver, TestEnv, TestEnvOptions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_secret_is_read_at_the_endpoint_that_is_set_for_secrets_manager() {
    let manager = Receiver::start().await;
    let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:PlatformSecret";
    let keys = Keys::generate().expect("keys");
    let secret = json!({"ARN": arn, "Name": "PlatformSecret", "VersionId": "v1", "SecretString": keys.platform});
    manager.always(Behaviour::Answer(200, secret.to_string().into_bytes()));
    let variables =
        [("PLATFORM_SECRET", ""), ("PLATFORM_SECRET_ARN", arn), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", manager.url("").leak() as &str)];
    let environment = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let env = TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await;
    env.put_link("launch").await.expect(201);
    env.app("redirect").keys().await.expect("keys");
    let ctx = env.visitor().follow("launch").await.expect(302).ctx();
    env.anonymous().get(&format!("/v2/public/context?ctx={ctx}")).await.expect(200);
    let mut readers: Vec<String> =
        env.faults.take_calls().into_iter().filter(|(_, operation)| operation == "GetSecretValue").map(|(function, _)| function).collect();
    readers.dedup();
    assert_eq!(readers, ["redirect", "attribution"], "each function that needs the keys, by its own permission");
    assert!(manager.connections() > 0);
}
