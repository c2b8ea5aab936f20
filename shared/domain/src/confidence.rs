//! Confidence: how far a campaign's figures can be relied on, from 0 to 100 (contract §9).

use crate::rollup::Figures;

/// A score with what was taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confidence {
    /// 100 less the penalties, not under 0.
    pub score: u8,
    /// What was taken off, and why.
    pub penalties: Vec<Penalty>,
}

/// One reason to rely less on the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// A stable word for it.
    pub code: &'static str,
    /// Points taken off.
    pub points: u8,
    /// What was seen.
    pub observed: String,
}

impl Confidence {
    /// The score of these figures; `is_stale` when they are older than the freshness promised.
    pub fn of(figures: &Figures, is_stale: bool) -> Self {
        let Figures { clicks, bot_clicks, conversions, .. } = figures;
        let (clicks, bots, conversions) = (*clicks, *bot_clicks, *conversions);
        let is_noisy = clicks > 0 && bots * 5 >= clicks && bots * 5 <= clicks * 2;
        let rules = [
            (clicks == 0, "no_clicks", 50, "0 clicks".to_owned()),
            (conversions > clicks, "conversions_exceed_clicks", 40, format!("{conversions} conversions of {clicks} clicks")),
            (is_noisy, "bot_ratio_20_40", 15, format!("{bots} of {clicks} clicks are bots'")),
            (bots * 5 > clicks * 2, "bot_ratio_over_40", 30, format!("{bots} of {clicks} clicks are bots'")),
            (is_stale, "stale", 20, "no update within 60 minutes".to_owned()),
        ];
        let penalties = rules.into_iter().filter(|(applies, ..)| *applies);
        let penalties: Vec<Penalty> = penalties.map(|(_, code, points, observed)| Penalty { code, points, observed }).collect();
        let score = penalties.iter().fold(100_u8, |score, penalty| score.saturating_sub(penalty.points));
        Self { score, penalties }
    }
}
