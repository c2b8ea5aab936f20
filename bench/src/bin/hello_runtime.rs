//! The smallest function on `lambda_runtime`: the cost of every bootstrap.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let serve =
        |_: LambdaEvent<Value>| async { Ok::<_, Error>(json!({"statusCode": 302, "headers": {"location": "https://example.com/"}})) };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(lambda_runtime::run(service_fn(serve)))
}
