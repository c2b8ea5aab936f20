//! A webhook receiver: a real HTTP server that records what it receives and behaves as a test has set.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// How the receiver answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// With this status and this body.
    Answer(u16, Vec<u8>),
    /// With this status, a header and no body.
    WithHeader(u16, &'static str, String),
    /// Exactly these bytes, and then the connection ends.
    Raw(Vec<u8>),
    /// Not at all, but the connection stays open.
    Hang,
    /// A good status, and then a byte of the body a second, without end.
    Drip,
    /// A good status, and then a body without end.
    Endless,
    /// The connection ends before any answer.
    Reset,
    /// The connection is reset (RST) before any answer.
    Abort,
    /// The connection is reset (RST) in the middle of a good answer's body.
    AbortInBody,
    /// These bytes, and then nothing, but the connection stays open.
    Stall(Vec<u8>),
    /// With this status, once the test calls `release`.
    WhenReleased(u16),
    /// A good status before anything of the request is read, and the connection ends.
    AnswerUnread,
}

impl Behaviour {
    /// An answer with nothing but a status.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new())
    }
}

/// One POST as it was received.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its path.
    pub path: String,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it had been received.
    pub at: Instant,
}

impl Posted {
    /// A header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    posted: Vec<Posted>,
    next: VecDeque<Behaviour>,
    always: Option<Behaviour>,
    connections: usize,
    sent: usize,
    released: Arc<Notify>,
}

/// The receiver; it ends with the test's runtime.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// A receiver on a free port of this machine that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let receiver = Self { address: listener.local_addr().expect("an address"), state: Arc::default() };
        let state = receiver.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.lock().expect("state").connections += 1;
                tokio::spawn(serve(stream, state.clone()));
            }
        });
        receiver
    }

    /// Its address with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sets the behaviour for every request from now on.
    pub fn always(&self, behaviour: Behaviour) {
        self.state.lock().expect("state").always = Some(behaviour);
    }

    /// Sets the behaviour for the next requests, one after the other.
    pub fn next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.state.lock().expect("state").next.extend(behaviours);
    }

    /// What was received so far; each is checked against the document.
    #[track_caller]
    pub fn posted(&self) -> Vec<Posted> {
        let posted = self.state.lock().expect("state").posted.clone();
        posted.iter().for_each(crate::messages::check);
        posted
    }

    /// Drops what was received so far.
    pub fn clear(&self) {
        self.state.lock().expect("state").posted.clear();
    }

    /// Releases one answer that waits for it.
    pub fn release(&self) {
        self.state.lock().expect("state").released.notify_one();
    }

    /// Bytes of endless bodies that a client read.
    pub fn sent(&self) -> usize {
        self.state.lock().expect("state").sent
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.state.lock().expect("state").connections
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let is_unread = state.lock().expect("state").next.pop_front_if(|next| *next == Behaviour::AnswerUnread).is_some();
    if is_unread {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        return;
    }
    let Some(posted) = read(&mut stream).await else { return };
    let behaviour = {
        let mut state = state.lock().expect("state");
        state.posted.push(posted);
        let next = state.next.pop_front();
        next.or_else(|| state.always.clone()).unwrap_or_else(|| Behaviour::status(200))
    };
    // The sender may have closed the connection already.
    let _ = behave(&mut stream, behaviour, &state).await;
}

async fn behave(stream: &mut TcpStream, behaviour: Behaviour, state: &Mutex<State>) -> std::io::Result<()> {
    let head = |status: u16, rest: &str| format!("HTTP/1.1 {status} Status\r\n{rest}\r\n");
    match behaviour {
        Behaviour::Answer(status, body) => {
            stream.write_all(head(status, &format!("content-length: {}\r\n", body.len())).as_bytes()).await?;
            stream.write_all(&body).await
        }
        Behaviour::WithHeader(status, name, value) => {
            stream.write_all(head(status, &format!("content-length: 0\r\n{name}: {value}\r\n")).as_bytes()).await
        }
        Behaviour::Raw(bytes) => stream.write_all(&bytes).await,
        Behaviour::Hang => {
            let mut rest = [0; 64];
            while stream.read(&mut rest).await? > 0 {}
            Ok(())
        }
        Behaviour::Drip => {
            stream.write_all(head(200, "content-length: 1000000\r\n").as_bytes()).await?;
            let mut ticks = tokio::time::interval(std::time::Duration::from_secs(1));
            loop {
                ticks.tick().await;
                stream.write_all(b".").await?;
            }
        }
        Behaviour::Endless => {
            stream.write_all(head(200, "transfer-encoding: chunked\r\n").as_bytes()).await?;
            let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
                state.lock().expect("state").sent += chunk.len();
            }
        }
        Behaviour::Reset | Behaviour::AnswerUnread => Ok(()),
        Behaviour::WhenReleased(status) => {
            let released = state.lock().expect("state").released.clone();
            released.notified().await;
            stream.write_all(head(status, "content-length: 0\r\n").as_bytes()).await
        }
        Behaviour::Abort => stream.set_zero_linger(),
        Behaviour::AbortInBody => {
            stream.write_all(head(200, "content-length: 1000\r\n").as_bytes()).await?;
            stream.write_all(b"half of it").await?;
            let mut rest = [0; 64];
            // Not before the first half has been seen: the sender hangs up or a second passes.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(200), stream.read(&mut rest)).await;
            stream.set_zero_linger()
        }
        Behaviour::Stall(bytes) => {
            stream.write_all(&bytes).await?;
            let mut rest = [0; 64];
            while stream.read(&mut rest).await? > 0 {}
            Ok(())
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Posted> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let length: usize = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Posted { path, headers, body: bytes.get(end..end + length)?.to_vec(), at: Instant::now() })
}
