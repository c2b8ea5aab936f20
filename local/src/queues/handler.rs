//! The queues behind the SQS protocol: what an SDK asks over HTTP, answered by [`Queues`].

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{body::SqsResponseBody, dispatch::SqsHandler, response::json_response};
use rustack_sqs_model::{
    error::{SqsError, SqsErrorCode},
    operations::SqsOperation,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{Queues, operations};

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<SqsResponseBody>, SqsError>> + Send>>;

/// Answers the SQS protocol.
pub(crate) struct Handler {
    queues: Arc<Queues>,
    rest: RustackSqsHandler,
}

impl Handler {
    pub(crate) fn new(queues: Arc<Queues>) -> Self {
        let rest = RustackSqsHandler::new(Arc::clone(&queues.engine));
        Self { queues, rest }
    }
}

impl SqsHandler for Handler {
    fn handle_operation(&self, op: SqsOperation, body: Bytes) -> Answer {
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
            Op::GetQueueUrl | Op::ListQueues | Op::ListQueueTags => self.rest.handle_operation(op, body),
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
                let why = format!("{other}: the queues of this machine are those of template.yaml");
                Err(SqsError::new(SqsErrorCode::UnsupportedOperation, why))
            }),
        }
    }
}

/// Reads the request, runs the operation, writes the answer.
fn run<I, O, F>(queues: Arc<Queues>, body: Bytes, operation: fn(Arc<Queues>, I) -> F) -> Answer
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
