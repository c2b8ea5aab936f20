//! The queues behind the SQS protocol: what an SDK asks over HTTP, answered by [`Queues`].

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_http::{body::SqsResponseBody, dispatch::SqsHandler, response::json_response};
use rustack_sqs_model::{
    error::{SqsError, SqsErrorCode},
    input::{
        ChangeMessageVisibilityBatchInput, ChangeMessageVisibilityInput, DeleteMessageBatchInput, DeleteMessageInput,
        GetQueueAttributesInput, PurgeQueueInput, ReceiveMessageInput, SendMessageBatchInput, SendMessageInput,
    },
    operations::SqsOperation,
    output::{
        ChangeMessageVisibilityBatchOutput, DeleteMessageBatchOutput, ReceiveMessageOutput, SendMessageBatchOutput,
    },
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchResultEntry, DeleteMessageBatchResultEntry, Message,
        SendMessageBatchResultEntry,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{Draft, Queues, Want};

type Response = http::Response<SqsResponseBody>;
type Answer = Pin<Box<dyn Future<Output = Result<Response, SqsError>> + Send>>;

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
            Op::SendMessage => Box::pin(async move { reply(&send(&queues, read(&body)?).await?) }),
            Op::SendMessageBatch => Box::pin(async move { reply(&send_batch(&queues, read(&body)?).await?) }),
            Op::ReceiveMessage => Box::pin(async move { reply(&receive(&queues, read(&body)?).await?) }),
            Op::DeleteMessage => Box::pin(async move { reply(&delete(&queues, read(&body)?).await?) }),
            Op::DeleteMessageBatch => Box::pin(async move { reply(&delete_batch(&queues, read(&body)?).await?) }),
            Op::ChangeMessageVisibility => Box::pin(async move { reply(&hide(&queues, read(&body)?).await?) }),
            Op::ChangeMessageVisibilityBatch => Box::pin(async move { reply(&hide_batch(&queues, read(&body)?).await?) }),
            Op::PurgeQueue => Box::pin(async move { reply(&purge(&queues, read(&body)?).await?) }),
            Op::GetQueueAttributes => Box::pin(async move { reply(&attributes(&queues, read(&body)?).await?) }),
            Op::GetQueueUrl | Op::ListQueues | Op::ListQueueTags => self.rest.handle_operation(op, body),
            other => Box::pin(async move {
                let why = format!("{other}: the queues of this machine come from template.yaml");
                Err(SqsError::new(SqsErrorCode::UnsupportedOperation, why))
            }),
        }
    }
}
