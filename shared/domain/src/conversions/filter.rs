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
    is_credited: Option<bool>,
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
            is_credited: form.optional(
                "credited",
                "Only what is credited to the campaign its click named, or what is not; without conversions whose click named none.",
                form::boolean(),
            ),
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
            && self.is_credited.is_none_or(|wanted| conversion.is_credited() == Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::NotCredited;
    use crate::testing;
    use crate::values::moment::Moment;

    fn read(query: &str) -> Result<ConversionFilter, Vec<String>> {
        let fields = |form: &mut Form<'_>| Some(ConversionFilter::fields(form));
        form::read_query(query, fields).map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect())
    }

    /// Each parameter with a value that the conversion below agrees with, and one that it does not.
    const PARAMETERS: [(&str, &str, &str); 8] = [
        ("campaignId", "spring", "autumn"),
        ("slug", "launch", "other"),
        ("from", "2026-03-01", "2026-03-02"),
        ("to", "2026-03-01", "2026-02-28"),
        ("trust", "confirmed", "claimed"),
        ("test", "true", "false"),
        ("counted", "true", "false"),
        ("credited", "true", "false"),
    ];

    fn conversion() -> Conversion {
        let at = Moment::from_millis(1_772_366_400_000);
        let campaign_id = Some("spring".parse().unwrap());
        Conversion { campaign_id, trust: Trust::Confirmed, test: true, ..testing::conversion(at, 1) }
    }

    #[test]
    fn a_conversion_passes_exactly_if_it_agrees_with_every_parameter() {
        // Every parameter left out, agreeing or not: all 6561 combinations.
        for number in 0..3_usize.pow(8) {
            let chosen: Vec<_> = PARAMETERS.iter().enumerate().map(|(place, row)| (row, number / 3_usize.pow(place as u32) % 3)).collect();
            let named = chosen.iter().filter(|(_, choice)| *choice > 0);
            let pairs = named.clone().map(|((name, yes, no), choice)| format!("{name}={}", if *choice == 1 { yes } else { no }));
            let query = pairs.collect::<Vec<_>>().join("&");
            let chose = |name: &str| chosen.iter().find(|((of, ..), _)| *of == name).map_or(0, |(_, choice)| *choice);
            let filter = match (read(&query), chose("from"), chose("to")) {
                (Ok(filter), 0, _) | (Ok(filter), _, 0) | (Ok(filter), 1, 1) => filter,
                (Err(fields), from, to) if from * to > 1 => {
                    assert_eq!(fields, ["to"], "{query}");
                    continue;
                }
                (other, ..) => panic!("{query}: {other:?}"),
            };
            assert_eq!(filter.passes(&conversion(), true), named.clone().all(|(_, choice)| *choice == 1), "{query}");
            assert_eq!(filter.names_content(), named.clone().any(|((name, ..), _)| !["from", "to"].contains(name)), "{query}");
        }
    }

    #[test]
    fn what_belongs_to_no_campaign_is_in_none_and_a_key_is_left_to_the_reader() {
        let elsewhere = Conversion { campaign_id: None, ..conversion() };
        assert!(!read("campaignId=spring").unwrap().passes(&elsewhere, true) && read("").unwrap().passes(&elsewhere, true));
        assert!(read("counted=false").unwrap().passes(&elsewhere, false) && !read("counted=true").unwrap().passes(&elsewhere, false));
        for credited in ["credited=true", "credited=false"] {
            assert!(!read(credited).unwrap().passes(&elsewhere, true), "its click named no campaign");
        }
        let refused = Conversion { not_credited: Some(NotCredited::CampaignPaused), ..elsewhere.clone() };
        assert!(read("credited=false").unwrap().passes(&refused, true) && !read("credited=true").unwrap().passes(&refused, true));
        let by_key = read("idempotencyKey=order-1").unwrap();
        assert!(by_key.key.is_some() && by_key.names_content() && by_key.passes(&elsewhere, false));
        assert_eq!(read("trust=sure&from=1&color=red"), Err(["from", "trust", "color"].map(str::to_owned).to_vec()));
    }
}
