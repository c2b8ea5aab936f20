//! The functions' HTTP client: what only reads the table goes to a connection of its own, which waits for no write.
//!
//! The engine serves one request after the other on one SQLite connection, and a write waits there until it is on the disk. SQLite lets
//! other connections read meanwhile; a read that begins after a write was answered sees it, as a consistent read of DynamoDB does.

use std::net::SocketAddr;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// The operations that only read, as `X-Amz-Target` names them.
const READS: [&str; 4] =
    ["DynamoDB_20120810.BatchGetItem", "DynamoDB_20120810.GetItem", "DynamoDB_20120810.Query", "DynamoDB_20120810.Scan"];

/// A client that sends reads of the table to `reader`, and everything else where it is addressed to.
#[derive(Debug)]
pub(crate) struct ReadsApart {
    pub(crate) inner: SharedHttpClient,
    pub(crate) reader: SocketAddr,
}

impl HttpClient for ReadsApart {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let reader = format!("http://{}/", self.reader);
        SharedHttpConnector::new(ReadsApartConnector { inner: self.inner.http_connector(settings, components), reader })
    }
}

#[derive(Debug)]
struct ReadsApartConnector {
    inner: SharedHttpConnector,
    reader: String,
}

impl HttpConnector for ReadsApartConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if request.headers().get("x-amz-target").is_some_and(|target| READS.contains(&target))
            && let Err(error) = request.set_uri(self.reader.as_str())
        {
            return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    /// Answers nothing and keeps where requests went.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Kept {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(request.uri().to_owned());
            HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::empty())))
        }
    }

    #[tokio::test]
    async fn reads_of_the_table_and_nothing_else_go_to_the_reader() {
        let kept = Kept::default();
        let connector = ReadsApartConnector { inner: SharedHttpConnector::new(kept.clone()), reader: "http://127.0.0.1:2/".to_owned() };
        for (target, expected) in [
            ("DynamoDB_20120810.GetItem", 2),
            ("DynamoDB_20120810.BatchGetItem", 2),
            ("DynamoDB_20120810.Query", 2),
            ("DynamoDB_20120810.Scan", 2),
            ("DynamoDB_20120810.PutItem", 1),
            ("DynamoDB_20120810.TransactWriteItems", 1),
            ("DynamoDB_20120810.DescribeTable", 1),
            ("AmazonSQS.GetQueueUrl", 1),
            ("", 1),
        ] {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri("http://127.0.0.1:1/").unwrap();
            request.headers_mut().insert("x-amz-target", target);
            connector.call(request).await.unwrap();
            assert_eq!(kept.0.lock().unwrap().pop().unwrap(), format!("http://127.0.0.1:{expected}/"), "{target}");
        }
    }
}
