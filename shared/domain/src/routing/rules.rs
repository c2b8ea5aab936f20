//! Personalization rules: those of a handle, which apply to all its links (specification §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::links::conditions::Conditions;
use crate::links::rule_set::{Rule, RuleSet};
use crate::links::rules::priority;
use crate::values::destination::{Destination, OwnHosts};
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::name::RuleId;
use crate::values::schema::Schema;

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
    /// The lowest number is evaluated first, equal ones by id.
    pub priority: i64,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// What it asks for.
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
        Ok(form::read(body, Unknown::Refuse, |form| Self::fields(form, own))?(rule_id))
    }

    /// Describes the body of a rule write.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, &OwnHosts::default()))
    }

    /// The rule but for its name, which is in the path.
    fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<impl FnOnce(RuleId) -> Self + use<>> {
        let priority = priority(form, "The lowest number is evaluated first, equal ones by id; 0 when left out.");
        let enabled = form.optional("enabled", "Whether it is evaluated; true when left out.", form::boolean()).unwrap_or(true);
        let when = form.object("when", "All of them hold for the rule to match; without any it always does.", Conditions::read);
        let variant = form.required_object("variant", "What a matching visitor gets.", |variant| {
            let id = variant.required("id", "A name for reports.", form::parsed());
            let destination_url = variant.required("destinationUrl", "Where a matching visitor goes.", Destination::field(own));
            Some(Variant { id: id?, destination_url: destination_url? })
        });
        let (when, variant) = (when.unwrap_or_default(), variant?);
        Some(move |rule_id| Self { rule_id, priority, enabled, when, variant })
    }
}

impl Rule for PersonalizationRule {
    const DISPLAY_NAME: &'static str = "personalization rule";
    const AUDIT_NAME: &'static str = "rule";

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
pub type PersonalizationRules = RuleSet<PersonalizationRule>;
