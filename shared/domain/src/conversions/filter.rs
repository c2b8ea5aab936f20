//! Which conversions a list shows (specification §7.5).

use super::{Conversion, IdempotencyKey, Trust};
use crate::values::form::{self, Form};
use crate::values::moment::Day;
use crate::values::name::{CampaignId, Slug};

/// The conversions a list shows: those that are all of what is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversionFilter {
    campaign_id: Option<CampaignId>,
    slug: Option<Slug>,
    /// The first UTC day.
    pub from: Option<Day>,
    /// The last UTC day, not before `from`.
    pub to: Option<Day>,
    trust: Option<Trust>,
    is_test: Option<bool>,
    is_counted: Option<bool>,
    /// The merchant's own name of a conversion, by which it is read directly.
    pub key: Option<IdempotencyKey>,
}

impl ConversionFilter {
    /// Reads the parameters of the filter from a query that has others too.
    pub fn fields(form: &mut Form<'_>) -> Self {
        let filter = Self {
            campaign_id: form.optional("campaignId", "Only what is credited to this campaign.", form::parsed()),
            slug: form.optional("slug", "Only what came over this link.", form::parsed()),
            from: form.optional("from", "First day, UTC, such as 2026-03-01.", form::parsed()),
            to: form.optional("to", "Last day, UTC, included and not before `from`.", form::parsed()),
            trust: form.optional(
                "trust",
                "Only claimed or only confirmed conversions.",
                form::one_of([("claimed", Trust::Claimed), ("confirmed", Trust::Confirmed)]),
            ),
            is_test: form.optional("test", "Only tests of campaigns, or none of them.", form::boolean()),
            is_counted: form.optional("counted", "Only what reports count already, or what they do not.", form::boolean()),
            key: form.optional("idempotencyKey", "Only conversions of this key, read directly.", IdempotencyKey::field()),
        };
        if filter.from.zip(filter.to).is_some_and(|(from, to)| to < from) {
            form.fault("to", "must not be before from");
        }
        filter
    }

    /// Whether conversions are chosen by more than their day.
    pub fn names_content(&self) -> bool {
        let by_day = Self { from: self.from, to: self.to, ..Self::default() };
        *self != by_day
    }

    /// Whether a conversion, and whether reports count it, is all that is named but the key.
    pub fn passes(&self, conversion: &Conversion, is_counted: bool) -> bool {
        let day = conversion.accepted_at.day();
        self.campaign_id.as_ref().is_none_or(|id| conversion.campaign_id.as_ref() == Some(id))
            && self.slug.as_ref().is_none_or(|slug| conversion.slug == *slug)
            && self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to)
            && self.trust.is_none_or(|trust| conversion.trust == trust)
            && self.is_test.is_none_or(|is_test| conversion.test == is_test)
            && self.is_counted.is_none_or(|wanted| is_counted == wanted)
    }
}
