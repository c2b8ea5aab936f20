//! A visit as a route preview describes it (specification §5).

use serde_json::Value;

use crate::links::visit::{UNKNOWN_COUNTRY, Visit, country_code, word};
use crate::values::device::Device;
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::SessionId;
use crate::values::schema::Schema;

/// Segments a described visit may have.
const MAX_SEGMENTS: usize = 100;

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
    /// Reads the body of a preview.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, now: Moment) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Some(Self::fields(form, now)))
    }

    /// Describes the body of a preview.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::fields(form, Moment::from_millis(0))))
    }

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
