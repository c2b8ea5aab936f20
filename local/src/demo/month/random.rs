//! Random values that are the same in every run with the same seed.

use fastrand::Rng;

use super::calendar::{count, whole};

/// A source of random values.
pub(super) struct Random(Rng);

impl Random {
    /// The source for one purpose (`place`, such as a day) of a month.
    pub(super) fn of(seed: u64, place: u64) -> Self {
        Self(Rng::with_seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ place.wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    /// True with this probability.
    pub(super) fn hits(&mut self, probability: f64) -> bool {
        self.0.f64() < probability
    }

    /// A number from `lowest` to `highest`, both included.
    pub(super) fn between(&mut self, lowest: i64, highest: i64) -> i64 {
        self.0.i64(lowest..=highest.max(lowest))
    }

    /// A number that is more often low than high.
    pub(super) fn mostly_low(&mut self, lowest: u64, highest: u64) -> u64 {
        let span = count(usize::try_from(highest.saturating_sub(lowest)).unwrap_or_default());
        let part = self.0.f64();
        lowest + u64::try_from(whole(span * part * part)).unwrap_or_default()
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.0.usize(..of.len())) }
    }

    /// One of these, by weight.
    pub(super) fn pick_by<'a, T>(&mut self, of: &'a [T], weight: impl Fn(&T) -> f64) -> Option<&'a T> {
        let mut left = self.0.f64() * of.iter().map(&weight).sum::<f64>();
        let found = of.iter().find(|one| {
            left -= weight(one);
            left < 0.0 && weight(one) > 0.0
        });
        found.or_else(|| of.iter().rfind(|one| weight(one) > 0.0))
    }

    /// Puts these in another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }

    /// A public IPv4 address.
    pub(super) fn address(&mut self) -> std::net::IpAddr {
        let byte = |rng: &mut Rng| rng.u8(1..=250);
        let first = self.0.u8(24..=95);
        std::net::IpAddr::from([first, byte(&mut self.0), byte(&mut self.0), byte(&mut self.0)])
    }
}
