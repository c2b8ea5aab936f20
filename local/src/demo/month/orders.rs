//! The orders of visitors: what they are worth, who reports them, and what becomes of them later.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::calendar::{count, whole};
use super::content::{Traffic, ValueRange};
use super::random::Random;
use super::visits::Visit;

/// One of so many orders is placed by a program, less than a second after its visit.
const EVERY_AT_ONCE: usize = 160;

/// A purchase that follows a visit.
#[derive(Clone)]
pub(super) struct Order {
    /// The order number.
    pub(super) key: String,
    /// In minor units of the currency.
    pub(super) minor: u64,
    pub(super) decimals: u32,
    pub(super) currency: String,
    pub(super) report: Report,
    pub(super) fate: Fate,
    /// How long after the visit it is placed, in milliseconds.
    pub(super) after: i64,
}

/// Who reports an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// The visitor's browser alone.
    Browser,
    /// The shop's server, with its token.
    Server,
    /// The browser, and the server a little later.
    BrowserThenServer,
}

/// What becomes of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays as it was reported.
    Stays,
    /// It is reported twice.
    Duplicate,
    /// It is reported again with another value.
    Mismatch,
    /// This percentage of it is paid back.
    Refund(u64),
}

impl Order {
    /// An order that a click farm claims: a round sum, which the shop does not confirm.
    pub(super) fn claimed(number: usize) -> Self {
        let key = format!("X-{}", 700 + number);
        let (currency, report, fate) = ("EUR".to_owned(), Report::Browser, Fate::Stays);
        Self { key, minor: 9_900, decimals: 2, currency, report, fate, after: 40_000 }
    }

    /// An amount of the order's currency as JSON, digit by digit.
    pub(super) fn amount(&self, minor: u64, is_negative: bool) -> Value {
        let unit = 10_u64.pow(self.decimals);
        let sign = if is_negative { "-" } else { "" };
        let text = match self.decimals {
            0 => format!("{sign}{minor}"),
            _ => format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = usize::try_from(self.decimals).unwrap_or_default()),
        };
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The order as it is reported with the context of its visit.
    pub(super) fn conversion(&self, ctx: &str, minor: u64) -> Value {
        json!({
            "ctx": ctx,
            "idempotencyKey": self.key,
            "eventType": "purchase",
            "value": self.amount(minor, false),
            "currency": self.currency,
            "metadata": {"orderNumber": self.key},
        })
    }
}

/// Gives orders to visits.
pub(super) struct OrderBook {
    number: usize,
    fates: VecDeque<Fate>,
}

impl OrderBook {
    /// The fates of `orders` orders, in random order.
    pub(super) fn of(traffic: &Traffic, orders: usize, seed: u64) -> Self {
        let plan = &traffic.orders;
        let scaled = |number: usize| whole(count(number) * count(orders) / count(plan.of)).max(1);
        let mut fates = vec![Fate::Duplicate; scaled(plan.duplicates)];
        fates.extend(vec![Fate::Mismatch; scaled(plan.mismatches)]);
        let refunds = scaled(plan.refunds);
        // One is paid back in full, the others in part.
        fates.extend(
            (0..refunds)
                .map(|number| Fate::Refund(if number == 0 { 100 } else { 25 + 15 * (u64::try_from(number).unwrap_or_default() % 4) })),
        );
        fates.resize(orders.max(fates.len()), Fate::Stays);
        let mut random = Random::of(seed, 0x0B00);
        random.shuffle(&mut fates);
        Self { number: 0, fates: fates.into() }
    }

    /// Chooses the visits of a day that `orders` orders follow, and gives them these.
    pub(super) fn place(&mut self, traffic: &Traffic, visits: &mut [(i64, Visit)], orders: usize, random: &mut Random) {
        let weight =
            |slug: &str| traffic.links.iter().find(|link| link.slug == slug).map_or(0.0, |link| link.orders / link.clicks.max(0.1));
        let mut places: Vec<(usize, f64)> = visits.iter().enumerate().map(|(place, (_, visit))| (place, weight(&visit.slug))).collect();
        for _ in 0..orders {
            let Some(place) = random.pick_by(&places, |(_, weight)| *weight).map(|(place, _)| *place) else { return };
            if let (Some(chosen), Some((_, visit))) = (places.get_mut(place), visits.get_mut(place)) {
                chosen.1 = 0.0;
                visit.order = self.next(traffic, &visit.currency, random);
            }
        }
    }

    fn next(&mut self, traffic: &Traffic, currency: &str, random: &mut Random) -> Option<Order> {
        let range: &ValueRange = traffic.values.iter().find(|range| range.currency == currency)?;
        self.number += 1;
        let fate = self.fates.pop_front().unwrap_or(Fate::Stays);
        let is_confirmed = random.hits(traffic.orders.confirmed);
        let report = match is_confirmed {
            true if fate == Fate::Stays && random.hits(0.3) => Report::BrowserThenServer,
            true => Report::Server,
            false => Report::Browser,
        };
        let minute = 60_000;
        let is_at_once = self.number % EVERY_AT_ONCE == 7;
        let after = match random.between(0, 9) {
            _ if is_at_once => 400,
            0..=6 => random.between(minute, 35 * minute),
            7 | 8 => random.between(50 * minute, 600 * minute),
            _ => random.between(1_200 * minute, 4_000 * minute),
        };
        Some(Order {
            key: format!("A-{}", 104_200 + self.number),
            minor: random.mostly_low(range.lowest, range.highest),
            decimals: range.decimals,
            currency: currency.to_owned(),
            report,
            fate,
            after,
        })
    }
}
