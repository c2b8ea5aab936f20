//! A process's first TLS handshake with the SDK's provider: both ends in memory, only the client's part timed.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use crate::statistics::median;

/// The median of `times` first handshakes, in milliseconds, each in a process of its own.
pub(crate) fn first_ms(times: usize) -> Result<f64> {
    let own = std::env::current_exe()?;
    let mut measured = Vec::new();
    for _ in 0..times {
        let output = Command::new(&own).arg("handshake").output()?;
        measured.push(String::from_utf8_lossy(&output.stdout).trim().parse::<f64>().context("the time of a handshake")?);
    }
    Ok(median(measured))
}

/// Does one handshake and prints the client's milliseconds: the child process of [`first_ms`].
pub(crate) fn print_duration() -> Result<()> {
    println!("{}", handshake()?.as_secs_f64() * 1000.0);
    Ok(())
}

fn handshake() -> Result<Duration> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let server = server.with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    // The SDK creates its configuration at set-up, so it is not part of the handshake.
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("localhost")?;

    let started = Instant::now();
    let mut client = ClientConnection::new(client, name)?;
    let mut spent = started.elapsed();
    let mut server = ServerConnection::new(Arc::new(server))?;
    for _ in 0..10 {
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(spent);
        }
        let started = Instant::now();
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight)?;
        }
        spent += started.elapsed();
        let mut unread = flight.as_slice();
        while !unread.is_empty() {
            server.read_tls(&mut unread)?;
            server.process_new_packets()?;
        }
        let mut reply = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut reply)?;
        }
        let started = Instant::now();
        let mut unread = reply.as_slice();
        while !unread.is_empty() {
            client.read_tls(&mut unread)?;
            client.process_new_packets()?;
        }
        spent += started.elapsed();
    }
    bail!("the handshake does not finish")
}
