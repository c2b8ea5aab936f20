//! What the demo month consists of: `story.json` has the calls of its people, `traffic.json` its visitors and their orders.
//!
//! Days are counted from 1, in a month of [`STORY_DAYS`]; a shorter or longer month is the same story at another pace.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::Error;

/// The days that the story is written for.
pub(super) const STORY_DAYS: f64 = 30.0;

/// A call of the API by one of the demo's people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// The day, from 1.
    pub(super) day: f64,
    /// The time of the day in UTC, `HH:MM`.
    pub(super) at: String,
    /// Who calls.
    pub(super) by: Person,
    /// Method and path; a path without a leading `/` is below the handle.
    pub(super) call: String,
    /// The body.
    #[serde(default)]
    pub(super) body: Value,
    /// The statuses that are expected; any success when empty.
    #[serde(default)]
    pub(super) answers: Vec<u16>,
    /// Keeps the answer under this name.
    pub(super) keep: Option<String>,
}

/// One of the demo's people.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Person {
    Owner,
    Operator,
    Creator,
    Admin,
}

impl Person {
    /// The user id, and the groups in the user's tokens.
    pub(super) const fn user(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Owner => ("demo-owner", &[]),
            Self::Operator => ("demo-operator", &[]),
            Self::Creator => ("demo-creator", &[]),
            Self::Admin => ("demo-admin", &["platform-admin"]),
        }
    }
}

impl Step {
    /// The time of the step in days since the story's beginning.
    pub(super) fn moment(&self) -> Result<f64, Error> {
        let time = self.at.split_once(':').and_then(|(hours, minutes)| Some((hours.parse::<f64>().ok()?, minutes.parse::<f64>().ok()?)));
        let (hours, minutes) = time.ok_or_else(|| Error::Failed(format!("the story's time {}", self.at)))?;
        Ok(self.day - 1.0 + (hours + minutes / 60.0) / 24.0)
    }

    /// Method and path, with the path of the handle's own resources completed.
    pub(super) fn request(&self, handle: &str) -> Result<(Method, String), Error> {
        let wrong = || Error::Failed(format!("the story's call {}", self.call));
        let (method, path) = self.call.split_once(' ').ok_or_else(wrong)?;
        let method = method.parse().map_err(|_| wrong())?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/v2/handles/{handle}/{path}") };
        Ok((method, path))
    }
}

/// The visitors and their orders.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traffic {
    /// Weights of the days of a week, from Monday.
    pub(super) weekdays: [f64; 7],
    /// Weights of the hours of a day, in UTC.
    pub(super) hours: Vec<f64>,
    /// How much more the last day has than the first.
    pub(super) growth: f64,
    pub(super) spikes: Vec<Spike>,
    pub(super) links: Vec<LinkTraffic>,
    pub(super) countries: Vec<Country>,
    pub(super) agents: Vec<Agent>,
    pub(super) referrers: Vec<Referrer>,
    pub(super) bots: Vec<Bot>,
    /// New sessions for each click.
    pub(super) sessions_per_click: f64,
    /// The part of all clicks that bots make.
    pub(super) bot_share: f64,
    pub(super) farm: Farm,
    pub(super) crawl: Crawl,
    pub(super) values: Vec<ValueRange>,
    pub(super) orders: Orders,
}

/// A day with more visitors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spike {
    pub(super) day: f64,
    pub(super) factor: f64,
}

/// How often a link is followed, and how often orders come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkTraffic {
    pub(super) slug: String,
    /// Weight among all links.
    pub(super) clicks: f64,
    /// Weight among all links.
    pub(super) orders: f64,
    /// The referrer of most visits; `email` for visits without one that name this source.
    pub(super) referrer: Option<String>,
    /// The country of most visits.
    pub(super) country: Option<String>,
    /// The currency of most orders; that of the visitor's country when absent.
    pub(super) currency: Option<String>,
    /// The first day with visits.
    pub(super) from: Option<f64>,
    /// The last day with visits.
    pub(super) until: Option<f64>,
    /// How much more often than its weight says, while it is followed at all.
    #[serde(default = "one")]
    pub(super) boost: f64,
}

const fn one() -> f64 {
    1.0
}

/// A country that visitors come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Country {
    pub(super) code: String,
    pub(super) visitors: f64,
    /// `Accept-Language` of its visitors.
    pub(super) language: String,
    /// The currency of their orders.
    pub(super) currency: String,
}

/// A browser.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    pub(super) visitors: f64,
    pub(super) agent: String,
}

/// Where visitors come from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Referrer {
    pub(super) visitors: f64,
    pub(super) referrer: Option<String>,
    pub(super) source: Option<String>,
}

/// Programs, by the reason for which they are recognised.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bot {
    pub(super) share: f64,
    pub(super) reason: String,
    pub(super) agents: Vec<String>,
}

/// Bursts of paid clicks on one link, and the orders that are claimed for them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Farm {
    pub(super) slug: String,
    pub(super) from: f64,
    pub(super) until: f64,
    /// The part of all clicks.
    pub(super) share: f64,
    /// Clicks of one burst.
    pub(super) burst: usize,
    pub(super) networks: usize,
    pub(super) countries: Vec<String>,
    pub(super) agent: String,
    pub(super) orders: usize,
}

/// A crawler that follows one link after the other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crawl {
    pub(super) days: Vec<f64>,
    pub(super) agent: String,
}

/// What orders in a currency are worth, in its minor units.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueRange {
    pub(super) currency: String,
    pub(super) lowest: u64,
    pub(super) highest: u64,
    pub(super) decimals: u32,
}

/// How many orders there are, and what becomes of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Orders {
    /// Orders for each click.
    pub(super) per_click: f64,
    /// The part that the shop's server confirms.
    pub(super) confirmed: f64,
    pub(super) duplicates: usize,
    pub(super) mismatches: usize,
    pub(super) refunds: usize,
    /// Of so many orders there are so many duplicates, mismatches and refunds.
    pub(super) of: usize,
}

/// The story.
///
/// # Errors
/// When it is not what [`Step`] says.
pub(super) fn story() -> Result<Vec<Step>, Error> {
    serde_json::from_str(include_str!("story.json")).map_err(|error| Error::Failed(format!("the demo's story ({error})")))
}

/// The traffic.
///
/// # Errors
/// When it is not what [`Traffic`] says.
pub(super) fn traffic() -> Result<Traffic, Error> {
    serde_json::from_str(include_str!("traffic.json")).map_err(|error| Error::Failed(format!("the demo's traffic ({error})")))
}
