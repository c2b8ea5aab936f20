//! The receivers of the month's webhooks: real HTTP servers on this machine whose answers take simulated time.
//!
//! Each moves the clock by the time it takes, so the delivery worker measures just that.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::random::Random;
use super::simulation::SimulatedClock;
use crate::{Error, http_server};

/// How a receiver answers, by its name.
struct Manner {
    name: &'static str,
    /// How long it takes, in milliseconds.
    takes: (i64, i64),
    /// The part of its answers that is a 503.
    fails: f64,
}

const MANNERS: [Manner; 4] = [
    Manner { name: "orders", takes: (35, 190), fails: 0.0 },
    Manner { name: "partners", takes: (60, 420), fails: 0.15 },
    Manner { name: "warehouse", takes: (2_600, 3_400), fails: 0.0 },
    Manner { name: "crm", takes: (90, 260), fails: 0.0 },
];

/// The receivers; they end when this is dropped.
pub(super) struct Receivers(Vec<Receiver>);

struct Receiver {
    name: &'static str,
    port: u16,
    stop: watch::Sender<bool>,
}

impl Receivers {
    /// Starts all of them.
    pub(super) async fn open(clock: &SimulatedClock, seed: u64) -> Result<Self, Error> {
        let mut receivers = Vec::new();
        for (place, manner) in (0_u64..).zip(MANNERS) {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = listener.local_addr()?.port();
            let (stop, mut stopped) = watch::channel(false);
            let (name, clock) = (manner.name, clock.clone());
            let (manner, random) = (Arc::new(manner), Arc::new(Mutex::new(Random::of(seed, 0x4E00 + place))));
            let answer = move |request: Request<Incoming>| {
                let (manner, random, clock) = (manner.clone(), random.clone(), clock.clone());
                async move {
                    // What it says is of no concern here, but it is read to its end.
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(manner.answer(&random, &clock))
                }
            };
            let ended = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            tokio::spawn(async move { http_server::serve(listener, |_| service_fn(answer.clone()), ended).await });
            receivers.push(Receiver { name, port, stop });
        }
        Ok(Self(receivers))
    }

    /// The address of a receiver.
    pub(super) fn url(&self, name: &str) -> Option<String> {
        let receiver = self.0.iter().find(|receiver| receiver.name == name)?;
        Some(format!("http://127.0.0.1:{}/hooks/{name}", receiver.port))
    }

    /// The names of the receivers that have not ended.
    pub(super) fn lasting(&self) -> Vec<&'static str> {
        self.0.iter().filter(|receiver| !*receiver.stop.borrow()).map(|receiver| receiver.name).collect()
    }

    /// Ends a receiver: from now on its connections are refused.
    pub(super) fn end(&self, name: &str) {
        for receiver in self.0.iter().filter(|receiver| receiver.name == name) {
            receiver.stop.send_replace(true);
        }
    }
}

impl Manner {
    fn answer(&self, random: &Mutex<Random>, clock: &SimulatedClock) -> Response<Full<Bytes>> {
        let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
        clock.pass(random.between(self.takes.0, self.takes.1));
        let is_failure = random.hits(self.fails);
        let text: &[u8] = if is_failure { b"the queue is full, try again" } else { b"ok" };
        let mut response = Response::new(Full::new(Bytes::from_static(text)));
        if is_failure {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        response
    }
}
