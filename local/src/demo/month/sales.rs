//! What happens to orders: who reports them, and what is paid back.

use std::net::IpAddr;

use http::Method;
use serde_json::{Value, json};

use super::calendar::DAY_MS;
use super::content::Person;
use super::orders::{Fate, Order, Report};
use super::{Action, Month};
use crate::Error;

impl Month {
    /// Puts an order on the agenda that follows a visit.
    pub(super) fn place(&mut self, visited_at: i64, order: Order, ctx: String) {
        let (at, minor) = (visited_at + order.after, order.minor);
        match order.report {
            Report::Browser => self.add(at, Action::Browser(Box::new(order), ctx, minor)),
            Report::Server => self.add(at, Action::Server(Box::new(order), ctx)),
            Report::BrowserThenServer => {
                self.add(at, Action::Browser(Box::new(order.clone()), ctx.clone(), minor));
                self.add(at + 90_000, Action::Server(Box::new(order), ctx));
            }
        }
    }

    /// Reports an order, by the browser or by the shop's server, and plans what becomes of it.
    pub(super) async fn report(&mut self, order: Order, ctx: &str, minor: u64, by_server: bool) -> Result<(), Error> {
        let token = self.kept.get("shop").and_then(|kept| kept.get("token")).and_then(Value::as_str).map(str::to_owned);
        let bearer = token.as_deref().filter(|_| by_server);
        let from = if by_server { IpAddr::from([198, 51, 100, 20]) } else { IpAddr::from([203, 0, 113, address_of(&order.key)]) };
        let body = order.conversion(ctx, minor);
        let answer = self.simulation.post_as(bearer, from, Method::POST, "/v2/public/conversions".to_owned(), &body).await?;
        if !answer.status.is_success() {
            return Err(Error::Failed(format!("the demo's order {} ({}: {})", order.key, answer.status, answer.json())));
        }
        if answer.json().get("deduped") != Some(&json!(false)) {
            return Ok(());
        }
        self.summary.orders += 1;
        let now = self.simulation.clock().now();
        match order.fate {
            Fate::Stays => {}
            Fate::Duplicate => self.add(now + 45_000, Action::Browser(Box::new(order), ctx.to_owned(), minor)),
            Fate::Mismatch => self.add(now + 60_000, Action::Browser(Box::new(order), ctx.to_owned(), minor + 500)),
            Fate::Refund(percent) => {
                let conversion = answer.json().get("conversionId").and_then(Value::as_str).unwrap_or_default().to_owned();
                let days = 1 + i64::from(address_of(&order.key)) % 4;
                let refunded = minor * percent / 100;
                self.add(now + self.calendar.paced(days * DAY_MS * 3 / 4), Action::Refund(Box::new(order), conversion, refunded));
            }
        }
        Ok(())
    }

    /// Pays back a part of an order.
    pub(super) async fn refund(&mut self, order: &Order, conversion: &str, minor: u64) -> Result<(), Error> {
        let reason = if minor == order.minor { "Order cancelled, paid back in full" } else { "Part of the order came back" };
        let body = json!({"amount": order.amount(minor, true), "reason": reason, "idempotencyKey": format!("refund-{}", order.key)});
        let path = format!("/v2/handles/{}/conversions/{conversion}/adjustments", self.simulation.handle());
        let by = if self.simulation.clock().now() < self.calendar.at(8.5) { Person::Owner } else { Person::Operator };
        let answer = self.simulation.ask(by, Method::POST, path, &body).await?;
        if !answer.status.is_success() {
            return Err(Error::Failed(format!("the demo's refund of {} ({}: {})", order.key, answer.status, answer.json())));
        }
        self.summary.refunds += 1;
        Ok(())
    }
}

/// A number from 1 to 250 that follows from an order's number.
fn address_of(key: &str) -> u8 {
    let sum = key.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    u8::try_from(sum % 250 + 1).unwrap_or(1)
}
