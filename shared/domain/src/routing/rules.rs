//! The rules themselves: those of one link, and those of a handle that personalise all its links (contract §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::destination::{Destination, OwnHosts};
use crate::form::{self, Faults, Form, Notes, Unknown};
use crate::name::RuleId;
use crate::routing::Conditions;

const PRIORITIES: (i64, i64) = (0, 1_000_000);

/// A rule of one link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// A name for reports.
    pub id: RuleId,
    /// Where a matching visitor goes.
    pub destination_url: Destination,
}

/// A rule of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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

/// Personalization rules one handle may have.
pub const MOST_PERSONALIZATION_RULES: usize = 100;

/// All personalization rules of a handle, kept in the order of evaluation; one item, so that one read brings them all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleBook {
    rules: Vec<PersonalizationRule>,
}

impl RuleBook {
    /// All rules in the order of evaluation.
    pub fn rules(&self) -> &[PersonalizationRule] {
        &self.rules
    }

    pub(crate) fn enabled(&self) -> impl Iterator<Item = &PersonalizationRule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// Puts a rule in its place and gives back the one it replaces.
    pub fn insert(&mut self, rule: PersonalizationRule) -> Option<PersonalizationRule> {
        let before = self.remove(&rule.rule_id);
        self.rules.push(rule);
        self.rules.sort_by(|a, b| (a.priority, &a.rule_id).cmp(&(b.priority, &b.rule_id)));
        before
    }

    /// Takes a rule out.
    pub fn remove(&mut self, rule_id: &RuleId) -> Option<PersonalizationRule> {
        let place = self.rules.iter().position(|rule| rule.rule_id == *rule_id)?;
        Some(self.rules.remove(place))
    }
}
