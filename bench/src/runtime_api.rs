//! A Lambda Runtime API on loopback that hands out one event at a time and knows when the bootstrap waits for the next.

use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::http1;

/// Valgrind slows a program down fifty times and more.
const PATIENCE: Duration = Duration::from_secs(60);

const HEADERS: &str = "content-type: application/json\r\n\
    lambda-runtime-deadline-ms: 32503680000000\r\n\
    lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:000000000000:function:bench\r\n\
    lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n";

/// The driver's side.
pub(crate) struct RuntimeApi {
    /// Where the bootstrap finds it.
    pub(crate) address: SocketAddr,
    events: Sender<Vec<u8>>,
    polled: Receiver<()>,
    answers: Receiver<Answer>,
}

/// What a bootstrap posted.
struct Answer {
    path: String,
    body: Vec<u8>,
}

/// What the connections share.
struct Desk {
    events: Mutex<Receiver<Vec<u8>>>,
    polled: Sender<()>,
    answers: Sender<Answer>,
}

impl RuntimeApi {
    /// Starts to listen.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (events, to_hand_out) = channel();
        let (polled, was_polled) = channel();
        let (answers, answered) = channel();
        let desk = Arc::new(Desk { events: Mutex::new(to_hand_out), polled, answers });
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                let desk = Arc::clone(&desk);
                std::thread::spawn(move || serve(stream, &desk));
            }
        });
        Ok(Self { address, events, polled: was_polled, answers: answered })
    }

    /// Waits until the bootstrap asks for an event.
    pub(crate) fn wait_for_poll(&self) -> Result<()> {
        self.polled.recv_timeout(PATIENCE).context("the bootstrap does not ask for an event")
    }

    /// Hands an event out and waits until it is answered and the bootstrap waits for the next.
    pub(crate) fn invoke(&self, event: &[u8]) -> Result<Vec<u8>> {
        self.events.send(event.to_vec()).context("the runtime API has ended")?;
        let answer = self.answers.recv_timeout(PATIENCE).context("the bootstrap does not answer")?;
        self.wait_for_poll()?;
        if !answer.path.ends_with("/response") {
            bail!("the bootstrap failed: {}", String::from_utf8_lossy(&answer.body));
        }
        Ok(answer.body)
    }
}

/// One connection; it ends when the bootstrap does, or when the driver has gone.
fn serve(stream: TcpStream, desk: &Desk) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut count = 0_u64;
    while let Some(request) = http1::read(&mut reader)? {
        if request.method == "GET" {
            desk.polled.send(())?;
            let event = desk.events.lock().unwrap_or_else(PoisonError::into_inner).recv()?;
            count += 1;
            let headers = format!("{HEADERS}lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{count:012x}\r\n");
            http1::write(&mut writer, "200 OK", &headers, &event)?;
        } else {
            desk.answers.send(Answer { path: request.path, body: request.body })?;
            http1::write(&mut writer, "202 Accepted", "content-type: application/json\r\n", br#"{"status":"OK"}"#)?;
        }
    }
    Ok(())
}
