//! Values for tests and measurements: each complete and plausible, to be changed with `..` where a test needs something else.
//!
//! Only there under the feature `testing`, which no shipped program enables.

#![expect(clippy::unwrap_used, reason = "the names below are valid")]

use crate::clicks::Click;
use crate::clicks::ctx::Consent;
use crate::conversions::{Conversion, Trust};
use crate::links::visit::Visit;
use crate::links::{Link, LinkSettings};
use crate::values::device::Device;
use crate::values::id::{ClickId, ConversionId, LinkId, RequestId};
use crate::values::moment::Moment;

/// A click on `launch` of the handle `demo`: by a person on a desktop who came directly. `random` makes its id unique.
pub fn click(at: Moment, random: u128) -> Click {
    Click {
        id: ClickId::new(at, random),
        handle: "demo".parse().unwrap(),
        slug: "launch".parse().unwrap(),
        link_version: 1,
        campaign_id: None,
        bot: false,
        reasons: Vec::new(),
        classifier: 1,
        country: "US".to_owned(),
        device: "DESKTOP".to_owned(),
        source: "direct".to_owned(),
        referrer: "direct".to_owned(),
        campaign: None,
        language: None,
        session_id: None,
        segments: Vec::new(),
        rule: None,
        consent: Consent::Full,
        address: None,
        user_agent: None,
        purpose: None,
        no_accept_language: false,
        instant_conversion: false,
        erased: false,
    }
}

/// A claimed purchase without a value, after the click with the same `random`.
pub fn conversion(at: Moment, random: u128) -> Conversion {
    Conversion {
        id: ConversionId::new(at, random),
        handle: "demo".parse().unwrap(),
        slug: "launch".parse().unwrap(),
        click_id: ClickId::new(at, random),
        campaign_id: None,
        not_credited: None,
        rule: None,
        session_id: None,
        event_type: "purchase".parse().unwrap(),
        money: None,
        occurred_at: None,
        metadata: None,
        bot: false,
        test: false,
        ctx_expires_at: None,
        trust: Trust::Claimed,
        accepted_at: at,
        request_id: RequestId::new(at, random),
    }
}

/// The first version of the link `launch` of the handle `demo`, without a password.
pub fn link(at: Moment, settings: LinkSettings) -> Link {
    Link {
        id: LinkId::new(at, 1),
        handle: "demo".parse().unwrap(),
        slug: "launch".parse().unwrap(),
        version: 1,
        created_at: at,
        updated_at: at,
        password: None,
        settings,
    }
}

/// A visit on Friday at 22:30 UTC: by a person on a phone who came from Instagram.
pub fn visit() -> Visit {
    Visit {
        country: "US".to_owned(),
        device: Device::Mobile,
        source: "instagram".to_owned(),
        campaign: Some("spring".to_owned()),
        referrer: "direct".to_owned(),
        language: Some("de-AT".to_owned()),
        session_id: None,
        segments: vec!["vip".to_owned(), "new".to_owned()],
        at: "2026-03-06T22:30:59.999Z".parse().unwrap(),
        subject: "s".to_owned(),
    }
}
