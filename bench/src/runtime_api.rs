//! A Lambda Runtime API on loopback that delivers one event at a time and reports when the bootstrap polls for the next.

use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http1;

/// Long enough for valgrind, which makes a program fifty times slower and more.
const TIMEOUT: Duration = Duration::from_secs(60);

const HEADERS: &str = "content-type: application/json\r\n\
    lambda-runtime-deadline-ms: 32503680000000\r\n\
    lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:000000000000:function:bench\r\n\
    lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n";

/// The driver's side.
pub(crate) struct RuntimeApi {
    /// Its address.
    pub(crate) address: SocketAddr,
    events: Sender<Vec<u8>>,
    polled: Receiver<()>,
    responses: Receiver<BootstrapResponse>,
}

/// A bootstrap's response.
struct BootstrapResponse {
    path: String,
    body: Vec<u8>,
}

/// The driver's channels, shared by all connections.
struct Channels {
    events: Mutex<Receiver<Vec<u8>>>,
    polled: Sender<()>,
    responses: Sender<BootstrapResponse>,
}

impl RuntimeApi {
    /// Starts listening.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (events, to_hand_out) = channel();
        let (polled, was_polled) = channel();
        let (responses, received) = channel();
        let channels = Arc::new(Channels { events: Mutex::new(to_hand_out), polled, responses });
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                let channels = Arc::clone(&channels);
                std::thread::spawn(move || serve(stream, &channels));
            }
        });
        Ok(Self { address, events, polled: was_polled, responses: received })
    }

    /// Waits until the bootstrap polls for an event.
    pub(crate) fn wait_for_poll(&self) -> Result<()> {
        self.polled.recv_timeout(TIMEOUT).context("the bootstrap does not poll for an event")
    }

    /// Delivers an event and waits for the response and the next poll; returns the response.
    pub(crate) fn invoke(&self, event: &[u8]) -> Result<Vec<u8>> {
        Ok(self.timed(event)?.0)
    }

    /// The same, with the time until the response was there.
    pub(crate) fn timed(&self, event: &[u8]) -> Result<(Vec<u8>, Duration)> {
        let started = Instant::now();
        self.events.send(event.to_vec()).context("the runtime API has ended")?;
        let response = self.responses.recv_timeout(TIMEOUT).context("the bootstrap does not respond")?;
        let waited = started.elapsed();
        self.wait_for_poll()?;
        if !response.path.ends_with("/response") {
            bail!("the bootstrap failed: {}", String::from_utf8_lossy(&response.body));
        }
        Ok((response.body, waited))
    }
}

/// Serves a connection until the bootstrap or the driver ends.
fn serve(stream: TcpStream, channels: &Channels) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut count = 0_u64;
    while let Some(request) = http1::read(&mut reader)? {
        if request.method == "GET" {
            channels.polled.send(())?;
            let event = channels.events.lock().unwrap_or_else(PoisonError::into_inner).recv()?;
            count += 1;
            let headers = format!("{HEADERS}lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{count:012x}\r\n");
            http1::write(&mut writer, "200 OK", &headers, &event)?;
        } else {
            channels.responses.send(BootstrapResponse { path: request.path, body: request.body })?;
            http1::write(&mut writer, "202 Accepted", "content-type: application/json\r\n", br#"{"status":"OK"}"#)?;
        }
    }
    Ok(())
}
