//! Host names that resolve to private addresses, and responses with control characters.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::resolve::Lookup;

/// A name server that returns these answers one after the other, and the number of its calls.
fn lookup_with(answers: Vec<io::Result<Vec<&'static str>>>) -> (Lookup, Arc<AtomicUsize>) {
    let (answers, asked) = (Arc::new(Mutex::new(answers.into_iter())), Arc::new(AtomicUsize::new(0)));
    let counted = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let answer = answers.lock().unwrap().next().expect("one more answer");
        let addresses = answer.map(|names| names.iter().map(|name| SocketAddr::new(name.parse().unwrap(), 0)).collect());
        async move { addresses }.boxed()
    });
    (lookup, asked)
}

/// A server on this machine that takes everything, and how often it was connected to.
async fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (port, connections) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    (port, connections)
}

async fn send(egress: Egress, lookup: Lookup, url: String) -> PostOutcome {
    let client = build(Guard { egress, lookup }).unwrap();
    let endpoint = Endpoint::try_from(url).unwrap();
    exchange(&client, egress, &endpoint, HeaderMap::new(), "{}".to_owned()).await.outcome
}

#[tokio::test]
async fn a_name_with_one_private_address_is_not_connected_to_at_all() {
    let (port, connections) = server().await;
    for answer in [
        vec!["127.0.0.1"],
        vec!["8.8.8.8", "127.0.0.1"],
        vec!["127.0.0.1", "8.8.8.8"],
        vec!["::ffff:127.0.0.1"],
        vec!["2606:4700::1111", "::1"],
        vec!["64:ff9b::7f00:1"],
        vec!["169.254.169.254"],
        vec!["10.0.0.1"],
        vec!["0.0.0.0"],
    ] {
        let (lookup, asked) = lookup_with(vec![Ok(answer.clone())]);
        let outcome = send(Egress::Public, lookup, format!("http://receiver.example:{port}/")).await;
        assert_eq!((outcome, asked.load(Ordering::SeqCst)), (PostOutcome::BlockedAddress, 1), "{answer:?}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_connection_goes_to_the_addresses_that_were_checked_and_the_name_is_not_asked_again() {
    let (port, connections) = server().await;
    // A second, different answer (DNS rebinding) is refused; the first attempt does not see it.
    let (lookup, asked) = lookup_with(vec![Ok(vec!["127.0.0.1"]), Ok(vec!["10.0.0.1"])]);
    let url = format!("http://rebinding.example:{port}/");
    assert_eq!(send(Egress::LocalDevelopment, lookup.clone(), url.clone()).await, PostOutcome::Status(200));
    assert_eq!((asked.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(send(Egress::LocalDevelopment, lookup, url).await, PostOutcome::BlockedAddress);
    assert_eq!((asked.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (2, 1));
}

#[tokio::test]
async fn every_attempt_asks_anew() {
    let (port, connections) = server().await;
    let (lookup, asked) = lookup_with(vec![Ok(vec!["127.0.0.1"]), Ok(vec!["127.0.0.1"]), Ok(vec!["127.0.0.1"])]);
    let client = build(Guard { egress: Egress::LocalDevelopment, lookup }).unwrap();
    let endpoint = Endpoint::try_from(format!("http://receiver.example:{port}/")).unwrap();
    for _ in 0..3 {
        let reply = exchange(&client, Egress::LocalDevelopment, &endpoint, HeaderMap::new(), "{}".to_owned()).await;
        assert_eq!(reply.outcome, PostOutcome::Status(200));
    }
    assert_eq!((asked.load(Ordering::SeqCst), connections.load(Ordering::SeqCst)), (3, 3));
}

#[tokio::test]
async fn a_name_without_an_address_is_an_outcome_of_its_own() {
    for answer in [Ok(Vec::new()), Err(io::Error::other("SERVFAIL"))] {
        let (lookup, _) = lookup_with(vec![answer]);
        assert_eq!(send(Egress::Public, lookup, "https://receiver.example/".to_owned()).await, PostOutcome::Dns);
    }
}

/// A server with a certificate for `receiver.example` that no authority has signed.
async fn server_with_own_certificate() -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["receiver.example".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    port
}

#[tokio::test]
async fn a_handshake_that_fails_is_an_outcome_of_its_own() {
    let (plain, _) = server().await;
    for port in [server_with_own_certificate().await, plain] {
        for name in ["receiver.example", "other.example"] {
            let (lookup, _) = lookup_with(vec![Ok(vec!["127.0.0.1"])]);
            assert_eq!(send(Egress::LocalDevelopment, lookup, format!("https://{name}:{port}/")).await, PostOutcome::Tls, "{name}");
        }
    }
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port();
    let (lookup, _) = lookup_with(vec![Ok(vec!["127.0.0.1"])]);
    assert_eq!(send(Egress::LocalDevelopment, lookup, format!("https://receiver.example:{closed}/")).await, PostOutcome::Connect);
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_is_silent_is_not_waited_for() {
    let lookup: Lookup = Arc::new(|_| std::future::pending().boxed());
    let started = Instant::now();
    assert_eq!(send(Egress::Public, lookup, "https://receiver.example/".to_owned()).await, PostOutcome::Dns);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_address_in_the_place_of_a_name_is_checked_too() {
    let (port, connections) = server().await;
    let spellings = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127。0。0。1", "0.0.0.0", "127.0.0.1."];
    let in_six = ["[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:0:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"];
    let elsewhere = ["[2001:0:7f00:1::]", "[fd00:ec2::254]", "[fe80::1]", "169.254.169.254", "169.254.170.2", "100.64.0.1", "10.0.0.1"];
    for host in spellings.iter().chain(&in_six).chain(&elsewhere) {
        let (lookup, asked) = lookup_with(Vec::new());
        let outcome = send(Egress::Public, lookup, format!("http://{host}:{port}/")).await;
        assert_eq!((outcome, asked.load(Ordering::SeqCst)), (PostOutcome::BlockedAddress, 0), "{host}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[test]
fn what_is_shown_of_an_answer_is_short_text_on_one_line() {
    assert_eq!(presentable(b"ok\r\n\x1b[31mred\x00\x7f\xc2\x9b done").as_deref(), Some("ok  [31mred done"));
    assert_eq!(presentable(b""), None);
    assert_eq!(presentable(b"\r\n\x00"), None);
    let binary = presentable(&[0xff; MAX_SNIPPET_BYTES]).unwrap();
    assert!(binary.len() <= MAX_SNIPPET_BYTES && binary.len() > MAX_SNIPPET_BYTES - 3, "{}", binary.len());
}
