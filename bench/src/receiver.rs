//! A receiver of webhooks on this machine: it answers as it is told and notes when something came.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The receiver; it ends with its runtime.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    came: Arc<Mutex<Vec<Arrival>>>,
}

/// A message that came.
pub(crate) struct Arrival {
    /// When it was there whole.
    pub(crate) at: Instant,
    /// What it said.
    pub(crate) body: Vec<u8>,
}

impl Receiver {
    /// A receiver that answers 200.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let receiver = Self { address: listener.local_addr()?, status: Arc::new(AtomicU16::new(200)), came: Arc::default() };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let receiver = serving.clone();
                tokio::spawn(async move {
                    // Whoever hangs up is counted if its message had come.
                    let _ = receiver.answer(stream).await;
                });
            }
        });
        Ok(receiver)
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        let body = loop {
            if let Some(body) = body_of(&bytes) {
                break body.to_vec();
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        self.came.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { at: Instant::now(), body });
        let status = self.status.load(Ordering::Relaxed);
        stream.write_all(format!("HTTP/1.1 {status} Noted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).await
    }

    /// Answers with this status from now on.
    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/ingest", self.address)
    }

    /// What came since the last time.
    pub(crate) fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut self.came.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until so many have come; tells whether they did in time.
    pub(crate) async fn has(&self, count: usize, patience: Duration) -> bool {
        let started = Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while started.elapsed() < patience {
            if self.came.lock().unwrap_or_else(PoisonError::into_inner).len() >= count {
                return true;
            }
            ticks.tick().await;
        }
        false
    }
}

/// The body of a request that has come to its end, by its content-length.
fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(bytes.get(..end)?).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).and_then(|text| text.trim().parse().ok());
    bytes.get(end + 4..end + 4 + length.unwrap_or(0_usize))
}
