//! How reliable figures are: how fresh they are, and what reduces the confidence in them (specification §9).

use std::fmt;

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::report::Figures;
use crate::values::decimal::ratio;
use crate::values::moment::Moment;

/// Minutes within which figures are to be up to date.
pub const SLA_MINUTES: i64 = 60;

/// Whether figures are up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum FreshnessStatus {
    /// Updated within the promised time.
    Fresh,
    /// Not updated for longer than that.
    Stale,
    /// There are no figures.
    Unknown,
}

/// How fresh figures are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Freshness {
    /// `FRESH` within the SLA, `STALE` after it, `UNKNOWN` without data.
    pub status: FreshnessStatus,
    /// When the figures were last updated.
    pub last_updated_at: Option<Moment>,
    /// Since when accepted records have been waiting to be counted; null while none waits for more than a quarter of an hour.
    pub waiting_since: Option<Moment>,
    /// The promised time, in minutes.
    pub sla_minutes: i64,
}

impl Freshness {
    /// The freshness of figures last updated at `updated_at`, while records have been waiting to be counted since `waiting_since`.
    pub fn of(updated_at: Option<Moment>, waiting_since: Option<Moment>, now: Moment) -> Self {
        let is_within_sla = |at: Moment| now.millis() - at.millis() <= SLA_MINUTES * 60_000;
        let status = match (updated_at, waiting_since) {
            (_, Some(since)) if !is_within_sla(since) => FreshnessStatus::Stale,
            (None, _) => FreshnessStatus::Unknown,
            (Some(at), _) if is_within_sla(at) => FreshnessStatus::Fresh,
            (Some(_), _) => FreshnessStatus::Stale,
        };
        Self { status, last_updated_at: updated_at, waiting_since, sla_minutes: SLA_MINUTES }
    }

    /// Whether the figures are older than promised.
    pub fn is_stale(&self) -> bool {
        self.status == FreshnessStatus::Stale
    }
}

/// What was observed that reduces the confidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The number of clicks.
    Clicks(i128),
    /// More conversions than qualified clicks.
    Conversions {
        /// Conversions.
        conversions: i128,
        /// Clicks that are not a bot's.
        qualified_clicks: i128,
    },
    /// Bot clicks over clicks, with four decimals.
    BotRatio(Number),
    /// No update within the promised time.
    NoUpdate,
}

impl Observed {
    /// As JSON: a number where one is enough, else a text.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Clicks(clicks) => json!(clicks),
            Self::BotRatio(ratio) => Value::Number(ratio.clone()),
            Self::Conversions { .. } | Self::NoUpdate => json!(self.to_string()),
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clicks(clicks) => write!(f, "{clicks} clicks"),
            Self::Conversions { conversions, qualified_clicks } => {
                write!(f, "{conversions} conversions of {qualified_clicks} qualified clicks")
            }
            Self::BotRatio(ratio) => write!(f, "{ratio}"),
            Self::NoUpdate => write!(f, "no update for more than {SLA_MINUTES} minutes"),
        }
    }
}

/// One reason for a lower confidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// A stable code.
    pub code: &'static str,
    /// The points it subtracts.
    pub points: u8,
    /// What was observed.
    pub observed: Observed,
}

/// How reliable figures are, from 0 to 100, and what reduces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportConfidence {
    /// 100 less every penalty's points, not under 0.
    pub score: u8,
    /// The reasons.
    pub penalties: Vec<Penalty>,
}

impl ReportConfidence {
    /// Rates figures, in whole numbers throughout so that the boundaries are exact.
    pub fn of(figures: &Figures, is_stale: bool) -> Self {
        let mut penalties = Vec::new();
        let &Figures { clicks, bot_clicks, conversions, .. } = figures;
        if clicks == 0 {
            penalties.push(Penalty { code: "no_clicks", points: 50, observed: Observed::Clicks(clicks) });
        }
        // A bot buys nothing: its clicks are no reason for conversions.
        let qualified_clicks = figures.qualified_clicks();
        if conversions > qualified_clicks {
            let observed = Observed::Conversions { conversions, qualified_clicks };
            penalties.push(Penalty { code: "conversions_exceed_clicks", points: 40, observed });
        }
        if let Some(seen) = ratio(bot_clicks, clicks) {
            let observed = Observed::BotRatio(seen);
            if bot_clicks * 5 > clicks * 2 {
                penalties.push(Penalty { code: "bot_ratio_over_40", points: 30, observed });
            } else if bot_clicks * 5 >= clicks {
                penalties.push(Penalty { code: "bot_ratio_20_40", points: 15, observed });
            }
        }
        if is_stale {
            penalties.push(Penalty { code: "stale", points: 20, observed: Observed::NoUpdate });
        }
        let score = penalties.iter().fold(100_u8, |score, penalty| score.saturating_sub(penalty.points));
        Self { score, penalties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(clicks: i128, bot_clicks: i128, conversions: i128, is_stale: bool) -> (u8, Vec<(&'static str, u8, String)>) {
        let confidence = ReportConfidence::of(&Figures { clicks, bot_clicks, conversions, ..Figures::default() }, is_stale);
        let penalties = confidence.penalties.iter().map(|penalty| (penalty.code, penalty.points, penalty.observed.to_json().to_string()));
        (confidence.score, penalties.collect())
    }

    #[test]
    fn the_share_of_bots_costs_from_20_percent_and_more_above_40() {
        let noise = |seen: &str| (85, vec![("bot_ratio_20_40", 15, seen.to_owned())]);
        let fraud = |seen: &str| (70, vec![("bot_ratio_over_40", 30, seen.to_owned())]);
        for (bots, expected) in [
            (0, (100, vec![])),
            (1999, (100, vec![])),
            (2000, noise("0.2")),
            (2001, noise("0.2001")),
            (3000, noise("0.3")),
            (4000, noise("0.4")),
            (4001, fraud("0.4001")),
            (10_000, fraud("1")),
        ] {
            assert_eq!(rated(10_000, bots, 0, false), expected, "{bots} bots of 10000");
        }
        assert_eq!(rated(5, 1, 0, false).0, 85);
        assert_eq!(rated(5, 2, 0, false).0, 85);
        assert_eq!(rated(3, 1, 0, false).1, [("bot_ratio_20_40", 15, "0.3333".to_owned())]);
    }

    #[test]
    fn more_conversions_than_clicks_cost_and_as_many_do_not() {
        assert_eq!(rated(7, 0, 7, false), (100, vec![]));
        assert_eq!(
            rated(7, 0, 8, false),
            (60, vec![("conversions_exceed_clicks", 40, "\"8 conversions of 7 qualified clicks\"".to_owned())])
        );
        // Bot clicks do not hide them.
        assert_eq!(rated(8000, 8000, 1000, false).0, 30);
        assert_eq!(rated(100, 10, 90, false).0, 100);
        assert_eq!(rated(100, 10, 91, false).0, 60);
    }

    #[test]
    fn penalties_add_up_and_the_score_ends_at_zero() {
        let codes =
            |rated: (u8, Vec<(&'static str, u8, String)>)| (rated.0, rated.1.into_iter().map(|(code, ..)| code).collect::<Vec<_>>());
        assert_eq!(rated(0, 0, 0, false), (50, vec![("no_clicks", 50, "0".to_owned())]));
        assert_eq!(codes(rated(0, 0, 1, false)), (10, vec!["no_clicks", "conversions_exceed_clicks"]));
        assert_eq!(codes(rated(0, 0, 1, true)), (0, vec!["no_clicks", "conversions_exceed_clicks", "stale"]));
        assert_eq!(codes(rated(10, 5, 11, true)), (10, vec!["conversions_exceed_clicks", "bot_ratio_over_40", "stale"]));
        assert_eq!(codes(rated(10, 0, 0, true)), (80, vec!["stale"]));
    }

    #[test]
    fn what_was_observed_is_said_in_words_and_as_json() {
        let ratio = Observed::BotRatio(ratio(1, 3).unwrap());
        let conversions = Observed::Conversions { conversions: 8, qualified_clicks: 7 };
        for (observed, text, value) in [
            (Observed::Clicks(0), "0 clicks", json!(0)),
            (conversions, "8 conversions of 7 qualified clicks", json!("8 conversions of 7 qualified clicks")),
            (ratio, "0.3333", json!(0.3333)),
            (Observed::NoUpdate, "no update for more than 60 minutes", json!("no update for more than 60 minutes")),
        ] {
            assert_eq!((observed.to_string().as_str(), observed.to_json()), (text, value));
        }
    }

    #[test]
    fn freshness_is_shown_with_what_it_follows_from_and_only_stale_figures_are_stale() {
        let at = Moment::from_millis(1_772_366_400_000);
        for (updated_at, waiting_since, status, is_stale) in [
            (Some(at), Some(at.plus_secs(-1)), "FRESH", false),
            (Some(at.plus_secs(-7200)), None, "STALE", true),
            (None, None, "UNKNOWN", false),
            (Some(at), Some(at.plus_secs(-7200)), "STALE", true),
        ] {
            let freshness = Freshness::of(updated_at, waiting_since, at);
            let shown = json!({"status": status, "lastUpdatedAt": updated_at, "waitingSince": waiting_since, "slaMinutes": 60});
            assert_eq!((json!(freshness), freshness.is_stale()), (shown, is_stale));
        }
    }

    #[test]
    fn figures_are_fresh_for_an_hour_to_the_millisecond() {
        let at = Moment::from_millis(1_772_366_400_000);
        let status = |later_ms: i64| Freshness::of(Some(at), None, at.plus_millis(later_ms)).status;
        assert_eq!(Freshness::of(None, None, at).status, FreshnessStatus::Unknown);
        assert_eq!(
            (status(0), status(3_600_000), status(3_600_001)),
            (FreshnessStatus::Fresh, FreshnessStatus::Fresh, FreshnessStatus::Stale)
        );
    }

    #[test]
    fn figures_are_stale_when_a_record_has_waited_for_more_than_an_hour_however_fresh_the_others_are() {
        let now = Moment::from_millis(1_772_366_400_000);
        let status = |updated: Option<Moment>, waited_ms: i64| Freshness::of(updated, Some(now.plus_millis(-waited_ms)), now).status;
        assert_eq!((status(Some(now), 3_600_000), status(Some(now), 3_600_001)), (FreshnessStatus::Fresh, FreshnessStatus::Stale));
        assert_eq!((status(None, 3_600_000), status(None, 3_600_001)), (FreshnessStatus::Unknown, FreshnessStatus::Stale));
    }
}
