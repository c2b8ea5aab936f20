//! Chain rules: at which trigger, after which signals, what a page is to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ChainCondition};
use crate::links::rule_set::{Rule, RuleSet};
use crate::links::rules::priority;
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::name::{RuleId, Trigger};
use crate::values::schema::Schema;

const MAX_CONDITIONS: usize = 20;
/// Seconds a page may reuse a decision when its rule does not say.
const DEFAULT_TTL_SECS: u32 = 300;

/// What must hold for a rule to match; a rule that asks nothing always does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ChainWhen))]
pub struct When {
    /// Every one of these.
    #[serde(default)]
    pub all: Vec<ChainCondition>,
    /// At least one of these, if there are any.
    #[serde(default)]
    pub any: Vec<ChainCondition>,
    /// None of these.
    #[serde(default)]
    pub none: Vec<ChainCondition>,
}

/// A rule of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChainRule {
    /// Its name.
    pub rule_id: RuleId,
    /// The trigger at which it is evaluated.
    pub trigger: Trigger,
    /// The lowest number is evaluated first, equal ones by id.
    pub priority: i64,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// What it asks of the session.
    pub when: When,
    /// What the page is to do.
    pub action: Action,
    /// For how long a page may reuse the decision, in seconds.
    pub ttl_seconds: u32,
}

impl ChainRule {
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
    pub(super) fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<impl FnOnce(RuleId) -> Self + use<>> {
        let trigger = form.required("trigger", "When it is evaluated, such as `checkout`.", form::parsed());
        let priority = priority(form, "The lowest number is evaluated first, equal ones by id; 0 when left out.");
        let enabled = form.optional("enabled", "Whether it is evaluated; true when left out.", form::boolean()).unwrap_or(true);
        let when = form.object("when", "What it asks of the session; matches always when left out.", |when| {
            Some(When {
                all: when.objects("all", "Every one of these.", MAX_CONDITIONS, ChainCondition::read),
                any: when.objects("any", "At least one of these, if there are any.", MAX_CONDITIONS, ChainCondition::read),
                none: when.objects("none", "None of these.", MAX_CONDITIONS, ChainCondition::read),
            })
        });
        let action = form.required_object("action", "What the page is to do.", |action| Action::read(action, own));
        let ttl = form.optional("ttlSeconds", "For how long a page may reuse the decision; 300 when left out.", form::integer(0..=86_400));
        let ttl_seconds = ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or(DEFAULT_TTL_SECS);
        let (trigger, when, action) = (trigger?, when.unwrap_or_default(), action?);
        Some(move |rule_id| Self { rule_id, trigger, priority, enabled, when, action, ttl_seconds })
    }
}

impl Rule for ChainRule {
    const DISPLAY_NAME: &'static str = "chain rule";
    const AUDIT_NAME: &'static str = "chain_rule";

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

/// A handle's chain rules.
pub type ChainRules = RuleSet<ChainRule>;
