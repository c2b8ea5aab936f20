//! The rules themselves: those of one link, and those of a handle that personalise all its links (contract §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::routing::conditions::Conditions;
use crate::routing::rule_set::{self, BookRule};
use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::name::RuleId;

const PRIORITIES: (i64, i64) = (0, 1_000_000);

/// A rule of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// The lowest number is looked at first.
    #[serde(default)]
    pub priority: i64,
    /// Where a matching visitor goes.
    pub destination_url: Destination,
    /// What it asks.
    #[serde(default)]
    pub conditions: Conditions,
}

impl Rule {
    pub(crate) fn read(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let priority = form.optional("priority", form::integer(PRIORITIES.0, PRIORITIES.1)).unwrap_or(0);
        let destination_url = destination(form, own);
        let conditions = form.object("conditions", Conditions::read).unwrap_or_default();
        Some(Self { priority, destination_url: destination_url?, conditions })
    }
}

fn destination(form: &mut Form<'_>, own: &OwnHosts) -> Option<Destination> {
    form.required("destinationUrl", |value| Destination::admit(&form::text(value)?, own).map_err(|error| error.to_string()))
}

/// What a personalization rule shows instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// A name for reports.
    pub id: RuleId,
    /// Where a matching visitor goes.
    pub destination_url: Destination,
}

/// A rule of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PersonalizationRule {
    /// Its name.
    pub rule_id: RuleId,
    /// The lowest number is looked at first, equal ones by id.
    pub priority: i64,
    /// Whether it is looked at.
    pub enabled: bool,
    /// What it asks.
    pub when: Conditions,
    /// What it shows.
    pub variant: Variant,
}

impl PersonalizationRule {
    /// Reads the body of a rule write.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(rule_id: RuleId, body: Value, own: &OwnHosts) -> Result<Self, Faults> {
        let notes = Notes::default();
        let rule = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
            let priority = form.optional("priority", form::integer(PRIORITIES.0, PRIORITIES.1)).unwrap_or(0);
            let enabled = form.optional("enabled", form::boolean).unwrap_or(true);
            let when = form.object("when", Conditions::read).unwrap_or_default();
            if !form.has("variant") {
                form.fault("variant", "is required: {id, destinationUrl}");
            }
            let variant = form.object("variant", |variant| {
                let (id, destination_url) = (variant.required("id", form::parsed), destination(variant, own));
                Some(Variant { id: id?, destination_url: destination_url? })
            });
            form.close();
            Some(Self { rule_id, priority, enabled, when, variant: variant? })
        });
        notes.settle(rule)
    }
}

impl BookRule for PersonalizationRule {
    const CALLED: &'static str = "personalization rule";
    const AUDITED: &'static str = "rule";

    fn rule_id(&self) -> &RuleId {
        &self.rule_id
    }

    fn priority(&self) -> i64 {
        self.priority
    }

    fn is_enabled(&self) -> bool {
        self.enabled
    }
}

/// A handle's personalization rules.
pub type RuleBook = rule_set::RuleBook<PersonalizationRule>;
