//! What a route preview asks: a visit or several, of the stored link or of a draft (specification §5).

use serde_json::Value;

use crate::links::LinkSettings;
use crate::links::visit::{UNKNOWN_COUNTRY, Visit, country_code, word};
use crate::values::destination::OwnHosts;
use crate::values::device::Device;
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::SessionId;
use crate::values::schema::Schema;

/// Segments a described visit may have.
const MAX_SEGMENTS: usize = 100;

/// Visits that one request may describe.
pub const MAX_VISITS: usize = 24;

/// What a preview decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewRequest {
    /// The settings to decide with, in place of those that are stored.
    pub draft: Option<LinkSettings>,
    /// The visits.
    pub visits: PreviewedVisits,
}

/// The visits of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviewedVisits {
    /// One, described by the request itself.
    One(Box<DescribedVisit>),
    /// A list, each decided by itself.
    Many(Vec<DescribedVisit>),
}

impl PreviewRequest {
    /// Reads the body of a preview: of one visit, or with `visits` of several.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts, now: Moment) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, own, now))
    }

    /// Describes the body of a preview.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, &OwnHosts::default(), Moment::from_millis(0)))
    }

    fn fields(form: &mut Form<'_>, own: &OwnHosts, now: Moment) -> Option<Self> {
        form.either(
            "visits",
            |form| {
                let draft = draft(form, own);
                let doc = "Visits to decide for; `results` of the answer has them in this order.";
                let visits = form.required_objects("visits", doc, 1..=MAX_VISITS, |visit| Some(DescribedVisit::fields(visit, now)));
                Some(Self { draft, visits: PreviewedVisits::Many(visits) })
            },
            |form| {
                let draft = draft(form, own);
                Some(Self { draft, visits: PreviewedVisits::One(Box::new(DescribedVisit::fields(form, now))) })
            },
        )
    }
}

fn draft(form: &mut Form<'_>, own: &OwnHosts) -> Option<LinkSettings> {
    let doc = "A link as it would be written under this slug, to decide with in place of the stored one. It is checked like a write and not stored.";
    form.object("draft", doc, |draft| LinkSettings::fields(draft, own)).map(|(settings, _)| settings)
}

/// A described visit; what is left out is as of a visitor of whom nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedVisit {
    /// The visit.
    pub visit: Visit,
    /// The moment, where one is named; else the visit is now.
    pub at: Option<Moment>,
    /// Whether the segments are named, so that those of the session do not count.
    pub names_segments: bool,
}

impl DescribedVisit {
    fn fields(form: &mut Form<'_>, now: Moment) -> Self {
        let country = form.optional("country", "Two letters, or `UNKNOWN`, which it is when left out.", country_code());
        let at: Option<Moment> = form.optional("at", "The moment of the visit; now when left out.", form::parsed());
        let doc = "Decides percentages, and the segments where none are named; without one the decision is that of an empty session.";
        let session_id: Option<SessionId> = form.optional("sessionId", doc, form::parsed());
        let names_segments = form.has("segments");
        let device = form.optional("device", "The kind of device; `UNKNOWN` when left out.", form::parsed());
        let visit = Visit {
            country: country.unwrap_or_else(|| UNKNOWN_COUNTRY.to_owned()),
            device: device.unwrap_or(Device::Unknown),
            source: form.optional("source", "Traffic source; `direct` when left out.", any_word()).unwrap_or_else(|| "direct".to_owned()),
            campaign: form.optional("campaign", "Campaign of the visit; the link's own when left out.", any_word()),
            referrer: "direct".to_owned(),
            language: form.optional("language", "Preferred language, such as `de-AT`.", form::text(0..=35)),
            segments: form.list("segments", "Segments of the session; those its signals make when left out.", MAX_SEGMENTS, any_word()),
            subject: session_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            session_id,
            at: at.unwrap_or(now),
        };
        Self { visit, at, names_segments }
    }
}

/// A word as a visitor's query would give it: made fit for a report, whatever it is.
fn any_word() -> impl Field<Output = String> {
    // At least one character that is neither space nor control character.
    let schema = || Schema::text().pattern(r"[^\s\x00-\x1F\x7F-\x9F]");
    form::leaf(schema, |value| word(&form::any_text().read(value)?).ok_or_else(|| "must not be empty".to_owned()))
}

#[cfg(test)]
mod tests;
