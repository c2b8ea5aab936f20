//! The explanation of a conversion: stable codes for its outcome and that of every submission of its key (specification §7).

use serde::{Deserialize, Serialize};

use crate::campaigns::NotCredited;
use crate::conversions::Conversion;
use crate::values::id::RequestId;
use crate::values::moment::Moment;

/// The outcome of a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConversionOutcome {
    /// It counts for its campaign and its link.
    CreditedToCampaign,
    /// It counts for its link; its click belonged to no campaign.
    CreditedToLink,
    /// It counts for its link alone: the campaign was not ACTIVE when the conversion was accepted.
    NotCreditedCampaignPaused,
    /// It counts for its link alone: the campaign was not ACTIVE when the link was followed.
    NotCreditedClickNotTracked,
    /// It counts for its link alone: the campaign has been deleted.
    NotCreditedCampaignDeleted,
    /// It is a campaign's test and in no figure.
    Test,
}

impl ConversionOutcome {
    /// The outcome of a stored conversion.
    pub fn of(conversion: &Conversion) -> Self {
        if conversion.test {
            return Self::Test;
        }
        match conversion.not_credited {
            Some(NotCredited::CampaignPaused) => Self::NotCreditedCampaignPaused,
            Some(NotCredited::ClickNotTracked) => Self::NotCreditedClickNotTracked,
            Some(NotCredited::CampaignDeleted) => Self::NotCreditedCampaignDeleted,
            None if conversion.campaign_id.is_some() => Self::CreditedToCampaign,
            None => Self::CreditedToLink,
        }
    }
}

/// The outcome of one submission of a conversion's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It became the conversion.
    Accepted,
    /// The key already referred to the conversion; nothing changed.
    Deduped,
    /// The same, and the submission differs from the conversion.
    DedupedWithMismatch,
    /// It was sent with the handle's own token, and its contents replaced those of the conversion.
    Confirmed,
}

/// One submission of a conversion's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversionAttempt {
    /// The moment it was made.
    pub at: Moment,
    /// The request that made it.
    pub request_id: RequestId,
    /// Its outcome.
    pub outcome: AttemptOutcome,
    /// The fields in which it differs from the conversion, or differed before it confirmed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub mismatch: Vec<String>,
}

impl ConversionAttempt {
    /// The submission that became the conversion.
    pub fn first(conversion: &Conversion) -> Self {
        Self { at: conversion.accepted_at, request_id: conversion.request_id, outcome: AttemptOutcome::Accepted, mismatch: Vec::new() }
    }

    /// A later submission, which differs from the conversion in these fields.
    pub fn again(at: Moment, request_id: RequestId, mismatch: &[&str]) -> Self {
        let outcome = if mismatch.is_empty() { AttemptOutcome::Deduped } else { AttemptOutcome::DedupedWithMismatch };
        Self { at, request_id, outcome, mismatch: mismatch.iter().map(|field| (*field).to_owned()).collect() }
    }

    /// The submission that confirmed the conversion, which differed from it in these fields.
    pub fn confirmed(at: Moment, request_id: RequestId, corrected: &[&str]) -> Self {
        Self { outcome: AttemptOutcome::Confirmed, ..Self::again(at, request_id, corrected) }
    }
}

/// The kind of rule that decided a visitor's destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExplainedRuleKind {
    /// None: the link's own destination.
    Default,
    /// A rule of the link.
    RoutingRule,
    /// A rule of the handle.
    PersonalizationRule,
}

/// The rule that decided a visitor's destination, read back from its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplainedRule<'a> {
    /// Its kind.
    pub kind: ExplainedRuleKind,
    /// For a rule of the link: its index in the list of the link's version at the click.
    pub index: Option<usize>,
    /// For a rule of the handle: its id.
    pub rule_id: Option<&'a str>,
}

impl<'a> ExplainedRule<'a> {
    /// Reads [`crate::routing::Matched::label`] back.
    pub fn of_label(label: Option<&'a str>) -> Self {
        let rule_id = label.and_then(|label| label.strip_prefix("p:"));
        let index = label.and_then(|label| label.strip_prefix('r')).and_then(|index| index.parse().ok());
        let kind = match (rule_id, index) {
            (Some(_), _) => ExplainedRuleKind::PersonalizationRule,
            (None, Some(_)) => ExplainedRuleKind::RoutingRule,
            (None, None) => ExplainedRuleKind::Default,
        };
        Self { kind, index, rule_id }
    }

    /// What it did, in a sentence.
    pub fn message(&self) -> String {
        match (self.index, self.rule_id) {
            (Some(index), _) => format!("The link's routing rule number {} sent the visitor on.", index + 1),
            (None, Some(rule_id)) => format!("The handle's personalization rule {rule_id} sent the visitor on."),
            (None, None) => "No rule matched: the visitor went to the link's own destination.".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use serde_json::json;

    const AT: Moment = Moment::from_millis(1_772_366_400_000);

    #[test]
    fn an_outcome_says_what_a_conversion_counts_for_and_why_not_for_more() {
        let paused = Some(NotCredited::CampaignPaused);
        for (test, campaign, not_credited, code) in [
            (false, Some("spring"), None, "credited_to_campaign"),
            (false, None, None, "credited_to_link"),
            (false, None, paused, "not_credited_campaign_paused"),
            (false, None, Some(NotCredited::ClickNotTracked), "not_credited_click_not_tracked"),
            (false, None, Some(NotCredited::CampaignDeleted), "not_credited_campaign_deleted"),
            (true, Some("spring"), None, "test"),
            (true, None, paused, "test"),
        ] {
            let campaign_id = campaign.map(|id| id.parse().unwrap());
            let conversion = Conversion { test, campaign_id, not_credited, ..testing::conversion(AT, 1) };
            assert_eq!(json!(ConversionOutcome::of(&conversion)), code);
        }
    }

    #[test]
    fn every_submission_of_a_key_is_stored_with_its_outcome() {
        let (later, request) = (AT.plus_secs(5), RequestId::new(AT, 9));
        let (value, none): (&[&str], &[&str]) = (&["value", "currency"], &[]);
        for (attempt, at, request_id, outcome, mismatch) in [
            (ConversionAttempt::first(&testing::conversion(AT, 1)), AT, RequestId::new(AT, 1), "accepted", none),
            (ConversionAttempt::again(later, request, none), later, request, "deduped", none),
            (ConversionAttempt::again(later, request, value), later, request, "deduped_with_mismatch", value),
            (ConversionAttempt::confirmed(later, request, none), later, request, "confirmed", none),
            (ConversionAttempt::confirmed(later, request, value), later, request, "confirmed", value),
        ] {
            let mut stored = json!({"at": at, "requestId": request_id, "outcome": outcome});
            if !mismatch.is_empty() {
                stored["mismatch"] = json!(mismatch);
            }
            assert_eq!(serde_json::to_value(&attempt).unwrap(), stored);
            assert_eq!(serde_json::from_value::<ConversionAttempt>(stored).unwrap(), attempt);
        }
    }

    #[test]
    fn a_rule_is_named_as_its_owner_sees_it() {
        for (label, message) in [
            (None, "No rule matched: the visitor went to the link's own destination."),
            (Some("r0"), "The link's routing rule number 1 sent the visitor on."),
            (Some("r49"), "The link's routing rule number 50 sent the visitor on."),
            (Some("p:r2"), "The handle's personalization rule r2 sent the visitor on."),
            (Some("rest"), "No rule matched: the visitor went to the link's own destination."),
        ] {
            assert_eq!(ExplainedRule::of_label(label).message(), message, "{label:?}");
        }
    }

    #[test]
    fn labels_read_back_as_the_rules_they_name() {
        let read = |label| {
            let ExplainedRule { kind, index, rule_id } = ExplainedRule::of_label(label);
            (kind, index, rule_id)
        };
        assert_eq!(read(None), (ExplainedRuleKind::Default, None, None));
        assert_eq!(read(Some("r0")), (ExplainedRuleKind::RoutingRule, Some(0), None));
        assert_eq!(read(Some("r49")), (ExplainedRuleKind::RoutingRule, Some(49), None));
        assert_eq!(read(Some("p:r2")), (ExplainedRuleKind::PersonalizationRule, None, Some("r2")));
    }

    #[test]
    fn a_stored_attempt_begins_with_its_moment() {
        let at = Moment::from_millis(1_772_366_400_000);
        let text = serde_json::to_string(&ConversionAttempt::again(at, RequestId::new(at, 1), &["value"])).unwrap();
        assert!(text.starts_with(r#"{"at":"2026-03-01T12:00:00.000Z","#), "{text}");
        assert_eq!(serde_json::from_str::<ConversionAttempt>(&text).unwrap().outcome, AttemptOutcome::DedupedWithMismatch);
    }
}
