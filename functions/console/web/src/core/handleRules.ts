import type { Body, Schema } from "../api/client";
import { filled, type Conditions } from "./linkForm";
import { decidedBy, type Decision } from "./preview";

export type HandleRule = Schema["PersonalizationRule"];

/** The name of a rule, or of what it shows. */
export const RULE_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** A rule while it is edited. */
export type HandleRuleForm = { ruleId: string; priority: string; enabled: boolean; conditions: Conditions; variantId: string; destinationUrl: string };

/** A form for a rule; a new one comes after the others. */
export function handleRuleForm(rule: HandleRule | null, others: readonly HandleRule[]): HandleRuleForm {
  const last = Math.max(0, ...others.map(({ priority }) => priority));
  return {
    ruleId: rule?.ruleId ?? "",
    priority: String(rule?.priority ?? Math.min(1_000_000, (Math.floor(last / 10) + 1) * 10)),
    enabled: rule?.enabled ?? true,
    conditions: rule?.when ?? {},
    variantId: rule?.variant.id ?? "",
    destinationUrl: rule?.variant.destinationUrl ?? "",
  };
}

export type HandleRuleBody = Body<"/v2/handles/{handle}/personalization-rules/{ruleId}", "put">;

/** The body of a form; what a rule shows is named like the rule unless it has a name of its own. */
export function handleRuleBody(form: HandleRuleForm): HandleRuleBody {
  return {
    priority: Number(form.priority),
    enabled: form.enabled,
    when: filled(form.conditions),
    variant: { id: form.variantId.trim() || form.ruleId.trim(), destinationUrl: form.destinationUrl.trim() },
  } as HandleRuleBody;
}

/** Whether a priority is a whole number that the API takes. */
export const isPriority = (text: string): boolean => /^\d{1,7}$/.test(text.trim()) && Number(text) <= 1_000_000;

/** Who decides how often, the most frequent first: `summer 4`. */
export function deciders(decisions: readonly Decision[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const decision of decisions) counts.set(decidedBy(decision), (counts.get(decidedBy(decision)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
