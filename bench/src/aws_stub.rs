//! A stub of DynamoDB and SQS for redirects, on loopback without TLS: every link exists, every message is accepted.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{http1, link};

/// The stub.
pub(crate) struct AwsStub {
    /// Its address.
    pub(crate) address: SocketAddr,
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl AwsStub {
    /// Starts listening.
    pub(crate) fn start() -> Result<Self> {
        Self::start_with_queue(Duration::ZERO)
    }

    /// The same, with a queue that takes this long to accept a message.
    pub(crate) fn start_with_queue(delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let calls = Arc::new(Mutex::new(BTreeMap::new()));
        let counted = Arc::clone(&calls);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || serve(stream, &counted, delay));
            }
        });
        Ok(Self { address, calls })
    }

    /// Resets the counts and returns the calls so far, by operation.
    pub(crate) fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(stream: TcpStream, calls: &Mutex<BTreeMap<String, u64>>, queue_delay: Duration) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = http1::read(&mut reader)? {
        let response = match request.operation.as_str() {
            "BatchGetItem" => batch_get(&request.body)?,
            "SendMessage" => {
                std::thread::sleep(queue_delay);
                json!({"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274"})
            }
            _ => json!({}),
        };
        *calls.lock().unwrap_or_else(PoisonError::into_inner).entry(request.operation).or_default() += 1;
        let headers =
            "content-type: application/x-amz-json-1.0\r\nx-amzn-requestid: 4O5P6Q7R8S9T0U1V2W3X4Y5Z6A7B8C9D0E1F2G3H4I5J6K7L8M9N\r\n";
        http1::write(&mut writer, "200 OK", headers, response.to_string().as_bytes())?;
    }
    Ok(())
}

/// The response with the requested link; the handle has no personalization rules.
fn batch_get(body: &[u8]) -> Result<Value> {
    let request: Value = serde_json::from_slice(body)?;
    let tables = request.get("RequestItems").and_then(Value::as_object).context("RequestItems")?;
    let mut responses = serde_json::Map::new();
    for (table, request) in tables {
        let keys = request.get("Keys").and_then(Value::as_array).into_iter().flatten();
        let text = |key: &Value, name: &str| key.pointer(&format!("/{name}/S")).and_then(Value::as_str).map(str::to_owned);
        let links = keys.filter_map(|key| Some((text(key, "pk")?, text(key, "sk")?))).filter(|(pk, _)| pk.starts_with("LINK#"));
        let items = links.map(|(pk, slug)| Ok(json!({"pk": {"S": pk}, "sk": {"S": slug}, "doc": {"S": link::document(&slug)?}})));
        responses.insert(table.clone(), Value::Array(items.collect::<Result<_>>()?));
    }
    Ok(json!({"Responses": responses, "UnprocessedKeys": {}}))
}
