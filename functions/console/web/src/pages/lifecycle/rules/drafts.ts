import { draftRule, type ChainForm } from "../../../core/chainForm";
import type { DraftRule } from "../../../core/tester";

/** A rule while it is edited, and the JSON that it began with; null for a new one. */
export type RuleDraft = { form: ChainForm; base: string | null };

const PREFIX = (handle: string): string => `${handle}/chain-rules/`;
/** The name under which a rule's draft is kept in this tab. */
export const draftKey = (handle: string, ruleId: string | null): string => `${PREFIX(handle)}${ruleId ?? "?"}`;

/** The rules that are edited in this tab and not saved yet. */
export function unsavedRules(handle: string): DraftRule[] {
  const prefix = `draft:${PREFIX(handle)}`;
  const found = Object.keys(sessionStorage).filter((key) => key.startsWith(prefix)).sort();
  return found.map((key) => draftRule((JSON.parse(sessionStorage.getItem(key) ?? "null") as RuleDraft).form));
}
