//! Corrections: what the merchant confirms replaces what a client holding a ctx claimed under the same key (specification §7).
//!
//! Nothing is removed from the ledger. The net value of the claimed conversion is reversed in its own currency under its own
//! click, and the confirmed value is added under the click the merchant names; the conversion keeps its id and its day.

use crate::accounts::audit::Actor;
use crate::conversions::ledger::{Adjustment, Cause};
use crate::conversions::{Conversion, Trust};
use crate::values::id::{AdjustmentId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::{Money, MoneyChange, max_minor};

/// The confirming call.
#[derive(Clone, Debug)]
pub struct Confirming {
    /// The caller.
    pub actor: Actor,
    /// The moment of the call; both entries are counted on this UTC day.
    pub at: Moment,
    /// The request.
    pub request_id: RequestId,
    /// Random bits for the ids of both entries.
    pub random: [u128; 2],
}

/// The result of confirming a claimed conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The conversion as the merchant reports it.
    pub confirmed: Conversion,
    /// The sum of adjustments it keeps, in minor units.
    pub carried: i64,
    /// The entry that takes back what was claimed.
    pub reversal: Adjustment,
    /// The entry that adds what is confirmed.
    pub confirmation: Adjustment,
}

/// Whether a confirming call changes this conversion; otherwise it repeats it.
pub fn awaits_confirmation(current: &Conversion) -> bool {
    current.trust == Trust::Claimed && !current.test
}

impl Correction {
    /// Replaces a claimed conversion, since adjusted by `adjusted` minor units, by what the merchant submits.
    ///
    /// Earlier adjustments are kept as far as they fit: in the same currency, and with a net value between zero and the largest one.
    pub fn of(claimed: &Conversion, adjusted: i64, submitted: &Conversion, by: Confirming) -> Self {
        let confirmed = confirmed(claimed, submitted);
        let carried = carried(claimed.money, adjusted, confirmed.money);
        let worth = |money: Option<Money>, adjusted: i64| {
            money.map(|money| MoneyChange { minor: money.minor.saturating_add(adjusted), currency: money.currency })
        };
        let (taken, added) = (worth(claimed.money, adjusted), worth(confirmed.money, carried));
        let taken = taken.map(|change| MoneyChange { minor: 0_i64.saturating_sub(change.minor), ..change });
        // Both have one moment: the lower id comes first.
        let mut ids = by.random.map(|random| AdjustmentId::new(by.at, random));
        ids.sort();
        let [first, second] = ids;
        let entry = |id, conversion: &Conversion, amount, cause, reason: &str| Adjustment {
            id,
            cause,
            elsewhere: conversion.click_id != claimed.click_id,
            handle: conversion.handle.clone(),
            conversion_id: conversion.id,
            amount,
            reason: reason.to_owned(),
            actor: by.actor.clone(),
            created_at: by.at,
            request_id: by.request_id,
            slug: conversion.slug.clone(),
            campaign_id: conversion.campaign_id.clone(),
            click_id: conversion.click_id,
            event_type: conversion.event_type.clone(),
            trust: conversion.trust,
            bot: conversion.bot,
        };
        Self {
            carried,
            reversal: entry(first, claimed, taken, Cause::Reversal, "taken back: the handle's own token confirmed it"),
            confirmation: entry(second, &confirmed, added, Cause::Confirmation, "confirmed with the handle's own token"),
            confirmed,
        }
    }
}

/// The conversion as the merchant reports it. Of the same click, credit was decided when it was claimed, as a campaign may have been
/// paused since for other reasons than this sale; and what the merchant leaves out stays as it was claimed.
fn confirmed(claimed: &Conversion, submitted: &Conversion) -> Conversion {
    let submitted = Conversion { id: claimed.id, accepted_at: claimed.accepted_at, trust: Trust::Confirmed, ..submitted.clone() };
    if submitted.click_id != claimed.click_id {
        return submitted;
    }
    Conversion {
        campaign_id: claimed.campaign_id.clone(),
        not_credited: claimed.not_credited,
        session_id: submitted.session_id.or_else(|| claimed.session_id.clone()),
        occurred_at: submitted.occurred_at.or(claimed.occurred_at),
        metadata: submitted.metadata.or_else(|| claimed.metadata.clone()),
        ..submitted
    }
}

fn carried(claimed: Option<Money>, adjusted: i64, confirmed: Option<Money>) -> i64 {
    match (claimed, confirmed) {
        (Some(claimed), Some(confirmed)) if claimed.currency == confirmed.currency => {
            adjusted.clamp(-confirmed.minor, max_minor(confirmed.currency) - confirmed.minor)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::audit::ActorKind;
    use crate::campaigns::NotCredited;
    use crate::testing;
    use proptest::prelude::*;

    fn conversion(slug: &str, minor: Option<i64>, currency: &str, click: u128) -> Conversion {
        let at = Moment::from_millis(1_772_366_400_000);
        Conversion {
            slug: slug.parse().unwrap(),
            money: minor.map(|minor| Money { minor, currency: currency.parse().unwrap() }),
            ..testing::conversion(at, click)
        }
    }

    fn confirming() -> Confirming {
        let at = Moment::from_millis(1_772_370_000_000);
        let actor = Actor { kind: ActorKind::Pat, id: "token".to_owned() };
        Confirming { actor, at, request_id: RequestId::new(at, 9), random: [7, 3] }
    }

    #[test]
    fn a_confirmation_keeps_the_conversions_id_and_day_and_replaces_the_rest() {
        let (claimed, submitted) = (conversion("evil", Some(900), "USD", 1), conversion("good", Some(2500), "EUR", 2));
        let corrected = Correction::of(&claimed, -100, &submitted, confirming());
        assert_eq!((corrected.confirmed.id, corrected.confirmed.accepted_at), (claimed.id, claimed.accepted_at));
        assert_eq!((corrected.confirmed.slug.as_str(), corrected.confirmed.trust), ("good", Trust::Confirmed));
        let shown = |entry: &Adjustment| {
            (entry.slug.to_string(), entry.amount.map(|amount| (amount.minor, amount.currency.code())), entry.trust, entry.elsewhere)
        };
        assert_eq!(shown(&corrected.reversal), ("evil".to_owned(), Some((-800, "USD")), Trust::Claimed, false));
        assert_eq!(shown(&corrected.confirmation), ("good".to_owned(), Some((2500, "EUR")), Trust::Confirmed, true));
        assert!(corrected.reversal.id < corrected.confirmation.id && corrected.carried == 0);
    }

    #[test]
    fn a_correction_is_what_was_submitted_under_the_id_the_day_and_the_trust_of_a_confirmation() {
        let claimed = conversion("evil", Some(900), "USD", 1);
        let at = Moment::from_millis(1_772_369_000_000);
        let submitted = Conversion {
            slug: "good".parse().unwrap(),
            money: Some(Money { minor: 2500, currency: "EUR".parse().unwrap() }),
            campaign_id: Some("spring".parse().unwrap()),
            event_type: "order".parse().unwrap(),
            bot: true,
            ..testing::conversion(at, 2)
        };
        let corrected = Correction::of(&claimed, 0, &submitted, confirming());
        let expected = Conversion { id: claimed.id, accepted_at: claimed.accepted_at, trust: Trust::Confirmed, ..submitted.clone() };
        assert_eq!(corrected.confirmed, expected);
        for (entry, cause, random, of, amount) in [
            (&corrected.reversal, Cause::Reversal, 3, &claimed, (-900, "USD")),
            (&corrected.confirmation, Cause::Confirmation, 7, &expected, (2500, "EUR")),
        ] {
            let by = confirming();
            let whole = Adjustment {
                id: AdjustmentId::new(by.at, random),
                handle: claimed.handle.clone(),
                conversion_id: claimed.id,
                cause,
                elsewhere: cause == Cause::Confirmation,
                amount: Some(MoneyChange { minor: amount.0, currency: amount.1.parse().unwrap() }),
                reason: entry.reason.clone(),
                actor: by.actor,
                created_at: by.at,
                request_id: by.request_id,
                slug: of.slug.clone(),
                campaign_id: of.campaign_id.clone(),
                click_id: of.click_id,
                event_type: of.event_type.clone(),
                trust: of.trust,
                bot: of.bot,
            };
            assert_eq!(entry, &whole);
        }
    }

    #[test]
    fn of_the_same_click_the_credit_and_what_the_merchant_leaves_out_stay_as_claimed_and_of_another_nothing_does() {
        let (early, late) = (Moment::from_millis(1_772_360_000_000), Moment::from_millis(1_772_361_000_000));
        // Whether the click is the same, whether the merchant names the optional values, and whether these are the claimed ones.
        for (click, names, keeps) in [(1, false, true), (1, true, false), (2, false, false), (2, true, false)] {
            let claimed = Conversion {
                campaign_id: Some("spring".parse().unwrap()),
                not_credited: Some(NotCredited::CampaignPaused),
                session_id: Some("claimed".parse().unwrap()),
                occurred_at: Some(early),
                metadata: Some("claimed".to_owned()),
                ..conversion("good", Some(900), "USD", 1)
            };
            let submitted = Conversion {
                campaign_id: Some("autumn".parse().unwrap()),
                not_credited: Some(NotCredited::CampaignDeleted),
                session_id: names.then(|| "submitted".parse().unwrap()),
                occurred_at: names.then_some(late),
                metadata: names.then(|| "submitted".to_owned()),
                ..conversion("good", Some(2500), "USD", click)
            };
            let credited = if click == 1 { &claimed } else { &submitted };
            let optional = if keeps { &claimed } else { &submitted };
            let expected = Conversion {
                id: claimed.id,
                accepted_at: claimed.accepted_at,
                trust: Trust::Confirmed,
                campaign_id: credited.campaign_id.clone(),
                not_credited: credited.not_credited,
                session_id: optional.session_id.clone(),
                occurred_at: optional.occurred_at,
                metadata: optional.metadata.clone(),
                ..submitted.clone()
            };
            let corrected = Correction::of(&claimed, 0, &submitted, confirming());
            assert_eq!(corrected.confirmed, expected, "click {click}, named: {names}");
            assert_eq!(corrected.confirmation.campaign_id, expected.campaign_id);
            assert_eq!((corrected.reversal.campaign_id, corrected.confirmation.elsewhere), (claimed.campaign_id, click != 1));
        }
    }

    #[test]
    fn only_a_claimed_conversion_that_is_no_test_awaits_its_confirmation() {
        for (trust, test, awaits) in [
            (Trust::Claimed, false, true),
            (Trust::Claimed, true, false),
            (Trust::Confirmed, false, false),
            (Trust::Confirmed, true, false),
        ] {
            let stored = Conversion { trust, test, ..conversion("good", None, "USD", 1) };
            assert_eq!(awaits_confirmation(&stored), awaits, "{trust:?}, test: {test}");
        }
    }

    #[test]
    fn what_has_no_money_is_taken_back_and_added_without() {
        let (claimed, submitted) = (conversion("evil", None, "USD", 1), conversion("good", None, "USD", 1));
        let corrected = Correction::of(&claimed, 0, &submitted, confirming());
        assert_eq!((corrected.reversal.amount, corrected.confirmation.amount), (None, None));
        assert!(!corrected.confirmation.elsewhere);
    }

    proptest! {
        #[test]
        fn adjustments_are_carried_as_far_as_the_net_value_stays_within_bounds(
            claimed in 0_i64..500, adjusted in -1_000_i64..1_000, confirmed in 0_i64..500, high in any::<bool>(), same in any::<bool>()
        ) {
            const LARGEST: i64 = 99_999_999_999_999;
            let confirmed = if high { LARGEST - confirmed } else { confirmed };
            let (claimed, submitted) =
                (conversion("evil", Some(claimed), "USD", 1), conversion("good", Some(confirmed), if same { "USD" } else { "EUR" }, 2));
            let corrected = Correction::of(&claimed, adjusted, &submitted, confirming());
            let worth = if same { (confirmed + adjusted).clamp(0, LARGEST) } else { confirmed };
            prop_assert_eq!(corrected.carried, worth - confirmed);
            prop_assert_eq!(corrected.confirmation.amount.unwrap().minor, worth);
        }

        #[test]
        fn the_ledger_ends_at_what_is_confirmed_less_the_refunds_that_fit(
            claimed in 0_i64..500, refund in 0_i64..500, confirmed in 0_i64..500, same in any::<bool>()
        ) {
            let refund = refund.min(claimed);
            let currency = if same { "USD" } else { "EUR" };
            let corrected = Correction::of(
                &conversion("evil", Some(claimed), "USD", 1), -refund, &conversion("good", Some(confirmed), currency, 2), confirming());
            prop_assert_eq!(claimed - refund + corrected.reversal.amount.unwrap().minor, 0, "what was claimed is taken back whole");
            let worth = corrected.confirmation.amount.unwrap().minor;
            prop_assert_eq!(worth, confirmed + corrected.carried);
            prop_assert_eq!(worth, if same { (confirmed - refund).max(0) } else { confirmed }, "confirming less never pays more");
        }
    }
}
