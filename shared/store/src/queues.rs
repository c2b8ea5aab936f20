//! Sending to the queues.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use domain::click::Click;

use crate::Store;
use crate::error::{Error, Result};
use crate::outbox::Pointer;

impl Store {
    /// Queues a click. A visitor waits for it, so it gets two short attempts.
    pub async fn send_click(&self, click: &Click) -> Result<()> {
        let queue = self.queues.clicks.as_deref().ok_or(Error::NoQueue("clicks"))?;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(250)).operation_timeout(Duration::from_millis(600));
        let settings = aws_sdk_sqs::Config::builder()
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(5)));
        let body = serde_json::to_string(click).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send = self.sqs.send_message().queue_url(queue).message_body(body).customize().config_override(settings);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }

    /// Announces an item of the outbox.
    pub async fn announce(&self, pointer: &Pointer) -> Result<()> {
        self.announce_later(pointer, 0).await
    }

    /// Announces an item of the outbox after so many seconds, at most 900.
    pub async fn announce_later(&self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        let queue = self.queues.events.as_deref().ok_or(Error::NoQueue("events"))?;
        let body = serde_json::to_string(pointer).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send = self.sqs.send_message().queue_url(queue).message_body(body).delay_seconds(delay_seconds);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}
