//! The minimal cost of an invocation: one blocking connection, no JSON, no runtime. The baseline of the machine.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

const RESPONSE: &str = r#"{"statusCode":302,"headers":{"location":"https://example.com/"}}"#;
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";

fn main() -> io::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a program of its own, without settings")]
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let stream = TcpStream::connect(&api)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut body = Vec::new();
    loop {
        writer.write_all(format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n").as_bytes())?;
        let Some(id) = read(&mut reader, &mut body)? else { return Ok(()) };
        let post = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: {}\r\n\r\n{RESPONSE}",
            RESPONSE.len()
        );
        writer.write_all(post.as_bytes())?;
        if read(&mut reader, &mut body)?.is_none() {
            return Ok(());
        }
    }
}

/// Reads one response; returns its request id, empty if it has none, and nothing at the end of the connection.
fn read(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<Option<String>> {
    let (mut id, mut length, mut line) = (String::new(), 0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.split_once(':') else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        if name == REQUEST_ID {
            id = value.trim().to_owned();
        } else if name == "content-length" {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    body.resize(length, 0);
    reader.read_exact(body)?;
    Ok(Some(id))
}
