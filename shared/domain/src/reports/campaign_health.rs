//! The checks of a campaign's health: by its figures, its link and its settings, whether clicks and conversions will be credited
//! to it (specification §8).

use serde::Serialize;

use super::confidence::ReportConfidence;
use super::report::Figures;
use crate::campaigns::{Campaign, CampaignStatus, HealthStatus};
use crate::links::Link;
use crate::values::destination::OwnHosts;
use crate::values::moment::Moment;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthCheck {
    /// A stable code: `campaign_active`, `primary_link_live`, `destination_valid`, `click_seen`, `ctx_minted`, `conversion_seen`
    /// or `confidence`.
    pub id: &'static str,
    /// Its result.
    pub status: HealthStatus,
    /// What was found, and what to do about it.
    pub message: String,
}

/// What the checks are based on.
#[derive(Clone, Copy, Debug)]
pub struct HealthFacts<'a> {
    /// The campaign.
    pub campaign: &'a Campaign,
    /// Its primary link, if there is one under that slug.
    pub link: Option<&'a Link>,
    /// Whether that link's `maxClicks` has been reached.
    pub clicks_used_up: bool,
    /// The service's own hosts, to which no link may lead.
    pub own_hosts: &'a OwnHosts,
    /// What was credited to it in the last 30 days.
    pub figures: &'a Figures,
    /// How reliable these figures are.
    pub confidence: &'a ReportConfidence,
    /// The present moment.
    pub now: Moment,
}

/// The health of the campaign: that of its worst check.
pub fn worst(checks: &[HealthCheck]) -> HealthStatus {
    checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Pass)
}

/// All checks, in the order in which a campaign is set up.
pub fn checks(facts: &HealthFacts<'_>) -> Vec<HealthCheck> {
    let check = |id, (status, message): (HealthStatus, String)| HealthCheck { id, status, message };
    vec![
        check("campaign_active", campaign_active(facts.campaign)),
        check("primary_link_live", primary_link_live(facts)),
        check("destination_valid", destination_valid(facts)),
        check("click_seen", click_seen(facts.figures)),
        check("ctx_minted", ctx_minted(facts)),
        check("conversion_seen", conversion_seen(facts.figures)),
        check("confidence", confidence(facts.confidence)),
    ]
}

fn campaign_active(campaign: &Campaign) -> (HealthStatus, String) {
    match campaign.status {
        CampaignStatus::Active => (HealthStatus::Pass, "the campaign is ACTIVE".to_owned()),
        status @ (CampaignStatus::Draft | CampaignStatus::Paused) => {
            (HealthStatus::Warn, format!("the campaign is {status}: nothing is credited to it until it is ACTIVE"))
        }
    }
}

fn primary_link_live(facts: &HealthFacts<'_>) -> (HealthStatus, String) {
    let Some(slug) = &facts.campaign.primary_slug else {
        return (HealthStatus::Warn, "the campaign names no primary link; give it primarySlug or primaryLink".to_owned());
    };
    let Some(link) = facts.link else {
        return (HealthStatus::Fail, format!("there is no link {slug}; write it again or name another"));
    };
    if link.settings.campaign_id.as_ref() != Some(&facts.campaign.campaign_id) {
        return (HealthStatus::Fail, format!("the link {slug} is not bound to this campaign; set its campaignId"));
    }
    match link.closed(facts.now, facts.clicks_used_up) {
        Some(closed) => (HealthStatus::Fail, format!("the link {slug} is closed: {}", closed.as_str())),
        None => (HealthStatus::Pass, format!("the link {slug} is open")),
    }
}

fn destination_valid(facts: &HealthFacts<'_>) -> (HealthStatus, String) {
    let Some(link) = facts.link else {
        let status = if facts.campaign.primary_slug.is_some() { HealthStatus::Fail } else { HealthStatus::Warn };
        return (status, "there is no primary link whose destinations could be checked".to_owned());
    };
    match link.settings.destinations().find(|destination| destination.leads_to(facts.own_hosts)) {
        Some(destination) => (HealthStatus::Fail, format!("{} leads back to this service", destination.as_str())),
        None => (HealthStatus::Pass, "every destination leads elsewhere".to_owned()),
    }
}

fn click_seen(figures: &Figures) -> (HealthStatus, String) {
    match figures.clicks {
        0 => (HealthStatus::Warn, "no click in 30 days; follow the link once".to_owned()),
        1 => (HealthStatus::Pass, "1 click in 30 days".to_owned()),
        clicks => (HealthStatus::Pass, format!("{clicks} clicks in 30 days")),
    }
}

fn ctx_minted(facts: &HealthFacts<'_>) -> (HealthStatus, String) {
    if facts.link.is_some_and(|link| !link.settings.tracking_policy.append_context_param) {
        return (HealthStatus::Fail, "the primary link's trackingPolicy.appendContextParam is false: no click can be converted".to_owned());
    }
    match facts.figures.clicks {
        0 => (HealthStatus::Warn, "no click in 30 days, so no ctx either".to_owned()),
        _ => (HealthStatus::Pass, "clicks carry a ctx".to_owned()),
    }
}

fn conversion_seen(figures: &Figures) -> (HealthStatus, String) {
    match figures.conversions {
        0 => (HealthStatus::Warn, "no conversion in 30 days; post one with the ctx of a click".to_owned()),
        1 => (HealthStatus::Pass, "1 conversion in 30 days".to_owned()),
        conversions => (HealthStatus::Pass, format!("{conversions} conversions in 30 days")),
    }
}

fn confidence(confidence: &ReportConfidence) -> (HealthStatus, String) {
    let score = confidence.score;
    let status = match score {
        80.. => HealthStatus::Pass,
        50..80 => HealthStatus::Warn,
        _ => HealthStatus::Fail,
    };
    let reasons: Vec<&str> = confidence.penalties.iter().map(|penalty| penalty.code).collect();
    let because = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    (status, format!("the figures' confidence is {score} of 100{because}"))
}

#[cfg(test)]
mod tests;
