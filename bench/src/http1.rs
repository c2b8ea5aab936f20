//! The HTTP/1.1 that the stubs need: one request after another on a kept connection.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};

/// A request.
pub(crate) struct RawRequest {
    /// Its method.
    pub(crate) method: String,
    /// Its path.
    pub(crate) path: String,
    /// The AWS operation without the service's prefix; empty for other requests.
    pub(crate) operation: String,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// Reads a request; none at the end of the connection.
pub(crate) fn read(reader: &mut impl BufRead) -> Result<Option<RawRequest>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().context("content-length")?;
        } else if name.eq_ignore_ascii_case("x-amz-target") {
            operation = value.rsplit('.').next().unwrap_or_default().trim().to_owned();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            anyhow::bail!("a body without a content-length is not supported");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(RawRequest { method, path, operation, body }))
}

/// Writes a response.
pub(crate) fn write(writer: &mut impl Write, status: &str, headers: &str, body: &[u8]) -> Result<()> {
    let mut response = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    writer.write_all(&response)?;
    Ok(())
}
