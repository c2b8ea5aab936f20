//! A webhook receiver that records when each message arrived and replies with a given status.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The receiver; it stops with its runtime.
#[derive(Clone)]
pub(crate) struct TimingReceiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<ReceivedMessage>>>,
}

/// A received message.
pub(crate) struct ReceivedMessage {
    /// When it was complete.
    pub(crate) at: Instant,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl TimingReceiver {
    /// Starts a receiver that replies 200.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let receiver = Self { address: listener.local_addr()?, status: Arc::new(AtomicU16::new(200)), received: Arc::default() };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = serving.clone();
                tokio::spawn(async move {
                    // A sender that disconnects early is counted if its message was complete.
                    let _ = receiver.handle(stream).await;
                });
            }
        });
        Ok(receiver)
    }

    async fn handle(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let body = loop {
            if let Some(body) = body_of(&bytes) {
                break body.to_vec();
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(ReceivedMessage { at: Instant::now(), body });
        let status = self.status.load(Ordering::Relaxed);
        stream.write_all(format!("HTTP/1.1 {status} Received\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).await
    }

    /// Replies with `status` from now on.
    pub(crate) fn reply_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/ingest", self.address)
    }

    /// Removes the messages received so far and returns them.
    pub(crate) fn take(&self) -> Vec<ReceivedMessage> {
        std::mem::take(&mut self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `count` messages have arrived; returns whether they did within `timeout`.
    pub(crate) async fn wait_for(&self, count: usize, timeout: Duration) -> bool {
        let started = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while started.elapsed() < timeout {
            if self.received.lock().unwrap_or_else(PoisonError::into_inner).len() >= count {
                return true;
            }
            ticks.tick().await;
        }
        false
    }
}

/// The body of a request that is complete by its content-length.
fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|text| text.trim().parse().ok());
    bytes.get(end + 4..end + 4 + length.unwrap_or(0_usize))
}
