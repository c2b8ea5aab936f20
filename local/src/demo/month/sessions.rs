//! Visitors who are recognised: their sessions, and the signals that the shop's pages send for them.

use std::net::IpAddr;

use http::Method;
use serde_json::{Value, json};

use super::calendar::Calendar;
use super::random::Random;
use super::simulation::SIGNALS;
use super::visits::Visit;
use super::{Action, Month};
use crate::Error;

/// Signals that a page sends at once.
pub(super) struct Batch {
    session: String,
    signals: Vec<Value>,
    from: IpAddr,
}

/// What follows the visit of a session.
pub(super) struct SessionPlan {
    pub(super) calendar: Calendar,
    pub(super) random: Random,
    /// The number of the next session.
    pub(super) number: usize,
}

impl SessionPlan {
    /// Gives `sessions` of these visits a session, and returns what its pages and later visits are.
    pub(super) fn begin(&mut self, visits: &mut [(i64, Visit)], sessions: usize) -> Vec<(i64, Action)> {
        let mut places: Vec<usize> = (0..visits.len()).collect();
        self.random.shuffle(&mut places);
        // Most who buy are recognised.
        let random = &mut self.random;
        places.sort_by_cached_key(|place| !(visits.get(*place).is_some_and(|(_, visit)| visit.order.is_some()) && random.hits(0.7)));
        let mut actions = Vec::new();
        for place in places.into_iter().take(sessions) {
            if let Some((at, visit)) = visits.get_mut(place) {
                self.number += 1;
                let session = format!("s-{:06}", 310_000 + self.number);
                visit.query.push(format!("sid={session}"));
                // Visitors who opted out have no session.
                visit.headers.retain(|(name, _)| *name != "sec-gpc");
                self.follow(*at, visit, &session, &mut actions);
            }
        }
        actions
    }

    fn follow(&mut self, at: i64, visit: &Visit, session: &str, actions: &mut Vec<(i64, Action)>) {
        let from = visit.from;
        let batch = |signals| Action::Signals(Box::new(Batch { session: session.to_owned(), signals, from }));
        let opened = at + self.random.between(1_000, 9_000);
        actions.push((opened, batch(self.opening())));
        let is_interested = self.random.hits(0.42) || visit.order.is_some();
        if is_interested {
            // Before the order, if there is one.
            actions.push((opened + self.random.between(10_000, 45_000), batch(self.interest())));
        }
        if self.random.hits(0.18) {
            let later = opened + self.calendar.paced(self.random.between(20, 70) * 3_600_000);
            let again = Visit {
                slug: visit.slug.clone(),
                query: vec!["source=returning".to_owned(), format!("sid={session}")],
                from,
                headers: visit.headers.clone(),
                currency: visit.currency.clone(),
                order: None,
            };
            actions.push((later, Action::Visit(Box::new(again))));
            actions.push((later + 4_000, batch(self.opening())));
        }
    }

    /// What every visit sends.
    fn opening(&mut self) -> Vec<Value> {
        let page = self.random.pick(&["home", "tents", "jackets", "boots", "sale"]).copied().unwrap_or("home");
        let mut signals = vec![json!({"signalKey": "page_view", "signalValue": page})];
        if self.random.hits(0.55) {
            signals.push(json!({"signalKey": "scroll", "signalValue": "deep", "confidence": 0.6}));
        }
        if self.random.hits(0.07) {
            let segment = self.random.pick(&["vip", "newsletter-reader", "b2b"]).copied().unwrap_or("vip");
            signals.push(json!({"signalKey": "segment", "signalValue": segment, "source": "crm"}));
        }
        signals
    }

    /// What visitors do who think of buying.
    fn interest(&mut self) -> Vec<Value> {
        let certain = if self.random.hits(0.6) { 0.85 } else { 0.45 };
        let mut signals = vec![json!({"signalKey": "product_view"}), json!({"signalKey": "intent", "confidence": certain})];
        if self.random.hits(0.5) {
            signals.push(json!({"signalKey": "add_to_cart", "metadata": {"items": self.random.between(1, 4)}}));
        }
        if self.random.hits(0.3) {
            signals.push(json!({"signalKey": "size_guide"}));
        }
        signals
    }
}

impl Month {
    /// Sends signals as a page does.
    pub(super) async fn signals(&mut self, batch: Batch) -> Result<(), Error> {
        let body = json!({"handle": self.simulation.handle(), "sessionId": batch.session, "signals": batch.signals});
        let answer = self.simulation.post_as(None, batch.from, Method::POST, SIGNALS.to_owned(), &body).await?;
        match answer.status.is_success() {
            true => {
                self.summary.signals += batch.signals.len();
                Ok(())
            }
            false => Err(Error::Failed(format!("the demo's signals of {} ({}: {})", batch.session, answer.status, answer.json()))),
        }
    }
}
