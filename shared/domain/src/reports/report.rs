//! Reports made of cells: figures by row and in total (specification §9).

use std::collections::BTreeMap;

use serde_json::Number;

use super::counters::{Counts, MAX_KEYS, OTHER, split};
use super::dimension::Dimension;
use crate::values::decimal::ratio;
use crate::values::moment::Day;
use crate::values::money::{Currency, amount};

/// The figures of one row or of a whole report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// All clicks.
    pub clicks: i128,
    /// Clicks of bots.
    pub bot_clicks: i128,
    /// Accepted conversions.
    pub conversions: i128,
    /// Observations of intent; counted by segment only.
    pub impressions: i128,
    /// Revenue in minor units, by currency.
    pub revenue: BTreeMap<Currency, i128>,
    /// The part of it confirmed with the merchants' own tokens.
    pub revenue_confirmed: BTreeMap<Currency, i128>,
}

impl Figures {
    /// Clicks that are not of bots.
    pub fn qualified_clicks(&self) -> i128 {
        self.clicks - self.bot_clicks
    }

    /// Revenue in one currency, as a JSON number.
    pub fn revenue_in(&self, currency: Currency) -> Number {
        amount(self.revenue.get(&currency).copied().unwrap_or_default(), currency)
    }

    /// The confirmed part of it, as a JSON number.
    pub fn revenue_confirmed_in(&self, currency: Currency) -> Number {
        amount(self.revenue_confirmed.get(&currency).copied().unwrap_or_default(), currency)
    }

    /// Conversions over qualified clicks, to four decimals; none without qualified clicks.
    pub fn conversion_rate(&self) -> Option<Number> {
        ratio(self.conversions, self.qualified_clicks())
    }

    /// The currency of `revenue` when none is requested: the only one there is, else USD.
    pub fn main_currency(&self) -> Currency {
        let mut currencies = self.revenue.keys();
        match (currencies.next(), currencies.next()) {
            (Some(only), None) => *only,
            _ => Currency::USD,
        }
    }

    /// Whether all of them are zero.
    fn is_zero(&self) -> bool {
        self.clicks == 0
            && self.bot_clicks == 0
            && self.conversions == 0
            && self.impressions == 0
            && self.revenue.values().chain(self.revenue_confirmed.values()).all(|minor| *minor == 0)
    }

    fn add(&mut self, metric: &str, value: i128) {
        match metric {
            "c" => self.clicks += value,
            "b" => self.bot_clicks += value,
            "v" => self.conversions += value,
            "i" => self.impressions += value,
            _ => {
                let (sums, code) = match metric.split_once('|') {
                    Some(("m", code)) => (&mut self.revenue, code),
                    Some(("mc", code)) => (&mut self.revenue_confirmed, code),
                    _ => return,
                };
                if let Ok(currency) = code.parse() {
                    *sums.entry(currency).or_default() += value;
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.clicks += other.clicks;
        self.bot_clicks += other.bot_clicks;
        self.conversions += other.conversions;
        self.impressions += other.impressions;
        for (sums, others) in [(&mut self.revenue, &other.revenue), (&mut self.revenue_confirmed, &other.revenue_confirmed)] {
            for (currency, minor) in others {
                *sums.entry(*currency).or_default() += minor;
            }
        }
    }
}

/// A report over some days: rows by key and their totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that are not zero: days and hours in order, other dimensions by most clicks first, [`OTHER`] last.
    pub rows: Vec<(String, Figures)>,
    /// The totals over all rows.
    pub totals: Figures,
}

impl Report {
    /// Splits the cells of one scope by a dimension.
    pub fn of<'a>(cells: impl IntoIterator<Item = (Day, &'a Counts)>, by: Dimension) -> Self {
        let mut rows: BTreeMap<String, Figures> = BTreeMap::new();
        let mut totals = Figures::default();
        for (day, counts) in cells {
            for (name, value) in counts.counters() {
                match split(name) {
                    None => {
                        totals.add(name, value);
                        if by == Dimension::Day {
                            rows.entry(day.to_string()).or_default().add(name, value);
                        }
                    }
                    Some((dimension, key, metric)) if dimension == by.as_str() => {
                        let is_hour = by == Dimension::Hour && key != OTHER;
                        let key = if is_hour { format!("{day}T{key}") } else { key.to_owned() };
                        rows.entry(key).or_default().add(metric, value)
                    }
                    Some(_) => {}
                }
            }
        }
        rows.retain(|_, figures| !figures.is_zero());
        Self { rows: ordered(rows, by), totals }
    }
}

fn ordered(rows: BTreeMap<String, Figures>, by: Dimension) -> Vec<(String, Figures)> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    if by.is_of_time() {
        return rows;
    }
    rows.sort_by(|(a_key, a), (b_key, b)| {
        ((a_key == OTHER), -a.clicks, -a.conversions, a_key).cmp(&((b_key == OTHER), -b.clicks, -b.conversions, b_key))
    });
    let mut rest = Figures::default();
    let keeps_other = rows.last().is_some_and(|(key, _)| key == OTHER);
    let kept = if keeps_other || rows.len() > MAX_KEYS { MAX_KEYS - 1 } else { MAX_KEYS };
    if rows.len() > kept {
        for (_, figures) in rows.drain(kept..) {
            rest.merge(&figures);
        }
        rows.push((OTHER.to_owned(), rest));
    }
    rows
}

#[cfg(test)]
mod tests;
