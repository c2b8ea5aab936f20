//! The SQS protocol over HTTP, served by [`EmbeddedQueues`].

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{
    body::SqsResponseBody,
    dispatch::SqsHandler,
    response::json_response,
    service::{SqsHttpConfig, SqsHttpService},
};
use rustack_sqs_model::{
    error::{SqsError, SqsErrorCode},
    operations::SqsOperation,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, sync::watch};
use uuid::Uuid;

use super::{EmbeddedQueues, operations};
use crate::{http_server, server::REGION};

type ResponseFuture = Pin<Box<dyn Future<Output = Result<http::Response<SqsResponseBody>, SqsError>> + Send>>;

/// Handles the requests of the SQS protocol.
pub(crate) struct Handler {
    queues: Arc<EmbeddedQueues>,
    /// For operations that do not concern messages.
    engine: RustackSqsHandler,
}

impl Handler {
    pub(crate) fn new(queues: Arc<EmbeddedQueues>) -> Self {
        let engine = RustackSqsHandler::new(Arc::clone(&queues.engine));
        Self { queues, engine }
    }
}

impl SqsHandler for Handler {
    fn handle_operation(&self, op: SqsOperation, body: Bytes) -> ResponseFuture {
        use SqsOperation as Op;
        let queues = Arc::clone(&self.queues);
        match op {
            Op::SendMessage => run(queues, body, operations::send),
            Op::SendMessageBatch => run(queues, body, operations::send_batch),
            Op::ReceiveMessage => run(queues, body, operations::receive),
            Op::DeleteMessage => run(queues, body, operations::delete),
            Op::DeleteMessageBatch => run(queues, body, operations::delete_batch),
            Op::ChangeMessageVisibility => run(queues, body, operations::hide),
            Op::ChangeMessageVisibilityBatch => run(queues, body, operations::hide_batch),
            Op::PurgeQueue => run(queues, body, operations::purge),
            Op::GetQueueAttributes => run(queues, body, operations::attributes),
            Op::GetQueueUrl | Op::ListQueues | Op::ListQueueTags => self.engine.handle_operation(op, body),
            other @ (Op::CreateQueue
            | Op::DeleteQueue
            | Op::SetQueueAttributes
            | Op::TagQueue
            | Op::UntagQueue
            | Op::AddPermission
            | Op::RemovePermission
            | Op::ListDeadLetterSourceQueues
            | Op::StartMessageMoveTask
            | Op::CancelMessageMoveTask
            | Op::ListMessageMoveTasks) => Box::pin(async move {
                let why = format!("{other}: the queues are those of template.yaml");
                Err(SqsError::new(SqsErrorCode::UnsupportedOperation, why))
            }),
        }
    }
}

/// Parses the request, runs the operation and serializes the result.
fn run<I, O, F>(queues: Arc<EmbeddedQueues>, body: Bytes, operation: fn(Arc<EmbeddedQueues>, I) -> F) -> ResponseFuture
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize,
    F: Future<Output = Result<O, SqsError>> + Send + 'static,
{
    Box::pin(async move {
        let input = serde_json::from_slice(&body);
        let input = input.map_err(|error| SqsError::invalid_parameter_value(error.to_string()))?;
        let output = operation(queues, input).await?;
        let output = serde_json::to_vec(&output);
        let output = output.map_err(|error| SqsError::internal_error(error.to_string()))?;
        Ok(json_response(output, &Uuid::new_v4().to_string()))
    })
}

/// Serves the queues over HTTP and releases delayed messages, until the server is dropped.
pub(crate) fn serve(listener: TcpListener, queues: &Arc<EmbeddedQueues>, mut running: watch::Receiver<bool>) {
    tokio::spawn(EmbeddedQueues::release_forever(Arc::downgrade(queues)));
    let config = SqsHttpConfig { region: REGION.to_owned(), ..SqsHttpConfig::default() };
    let service = SqsHttpService::new(Arc::new(Handler::new(Arc::clone(queues))), config);
    tokio::spawn(async move {
        let stop = async move {
            let _ = running.wait_for(|stop| *stop).await;
        };
        http_server::serve(listener, move |_| service.clone(), stop).await;
    });
}
