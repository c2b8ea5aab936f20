//! What a preview of chain decisions asks: for a session that may be invented, by rules that may be drafts (specification §11.3).

use serde_json::Value;

use super::body::{MAX_TRIGGERS, NewSignal};
use super::{ChainRule, ChainRules, MAX_IN_A_SESSION, Signal};
use crate::links::rule_set::MAX_RULES;
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::name::{RuleId, SessionId, Trigger};
use crate::values::schema::Schema;

/// What a preview decides.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainPreview {
    /// The rules, in place of the handle's own.
    pub rules: Option<ChainRules>,
    /// Signals besides those that the session has.
    pub signals: Vec<Signal>,
    /// The session whose signals count; none for one that is invented.
    pub session: Option<SessionId>,
    /// What the page is about to do, each once.
    pub triggers: Vec<Trigger>,
    /// The moment of the decision.
    pub at: Moment,
}

impl ChainPreview {
    /// Reads the body of a preview.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts, now: Moment) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Some(Self::fields(form, own, now)))
    }

    /// Describes the body of a preview.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::fields(form, &OwnHosts::default(), Moment::from_millis(0))))
    }

    fn fields(form: &mut Form<'_>, own: &OwnHosts, now: Moment) -> Self {
        let has_rules = form.has("rules");
        let doc = "Rules to decide by in place of the handle's own, each as it would be written, with its `ruleId`. They are not stored.";
        let mut places = 0_usize..;
        let drafts = form.objects("rules", doc, MAX_RULES, |rule| {
            let place = places.next();
            let rule_id: Option<RuleId> = rule.required("ruleId", "Its name, by which rules of one priority are ordered.", form::parsed());
            Some((place?, ChainRule::fields(rule, own)?(rule_id?)))
        });
        let mut rules = ChainRules::default();
        for (place, rule) in drafts {
            if rules.insert(rule).is_some() {
                form.fault(&format!("rules[{place}].ruleId"), "is named twice");
            }
        }
        let most = usize::try_from(MAX_IN_A_SESSION).unwrap_or(usize::MAX);
        let doc = "Signals besides those that the session has; at `at` where `occurredAt` is left out. They are not stored.";
        let signals = form.objects("signals", doc, most, NewSignal::read);
        let doc = "The session whose signals count; without it that of a visitor without any.";
        let session = form.optional("sessionId", doc, form::parsed());
        let doc = "What the page is about to do, such as `checkout`; each is answered once.";
        let mut triggers: Vec<Trigger> = form.required_list("triggers", doc, 1..=MAX_TRIGGERS, form::parsed());
        triggers.sort();
        triggers.dedup();
        let at = form.optional("at", "The moment of the decision; now when left out.", form::parsed()).unwrap_or(now);
        let signals = signals.into_iter().map(|signal| signal.kept(at)).collect();
        Self { rules: has_rules.then_some(rules), signals, session, triggers, at }
    }
}
