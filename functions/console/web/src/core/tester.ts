import type { Body, Schema } from "../api/client";
import { conditionText, MAX_TRIGGERS, NAME, oppositeText, type ChainRule, type ChainRuleBody, type Condition } from "./chain";
import { writeExact } from "./decimal";
import { plural } from "./numbers";
import type { Signal } from "./sessions";

export type Envelope = Schema["DecisionEnvelope"];
export type Look = Schema["EvaluatedRule"];
export type PreviewBody = Body<"/v2/handles/{handle}/chain/preview", "post">;

/** A signal that is invented, so many seconds before the decision. */
export type Invented = { id: string; key: string; value: string; confidence: string; ago: number };
/** A rule as the preview takes it. */
export type DraftRule = ChainRuleBody & { ruleId: string };

/** What is typed in the tester, besides the session and the triggers in the address. */
export type Setup = { signals: Invented[]; at: number };

/** Signals that one preview takes. */
export const MAX_SIGNALS = 200;

export function freshSignal(signals: readonly Invented[]): Invented {
  const last = signals.at(-1);
  const id = `s${Math.max(0, ...signals.map((signal) => Number(signal.id.slice(1)) + 1))}`;
  return { id, key: last?.key ?? "view", value: "", confidence: "", ago: 0 };
}

/** The signals of a session as invented ones, which can be moved. */
export const invented = (signals: readonly Signal[], at: number): Invented[] =>
  signals.map(({ signalKey, signalValue, confidence, occurredAt }, index) => ({
    id: `s${index}`, key: signalKey, value: signalValue ?? "", confidence: confidence === 1 ? "" : String(confidence),
    ago: Math.max(0, Math.round((at - Date.parse(occurredAt)) / 1000)),
  }));

/** A number; whatever else is typed goes as it is, so that the API names the field. */
const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim());

/** The signals as a body has them. */
const bodySignals = (signals: readonly Invented[], at: number): unknown[] =>
  signals.map(({ key, value, confidence, ago }) => ({
    signalKey: key.trim(),
    ...(value ? { signalValue: value } : {}),
    ...(confidence.trim() ? { confidence: number(confidence) } : {}),
    occurredAt: new Date(at - ago * 1000).toISOString(),
  }));

/** A rule as a preview takes it; `destinationUrl: null` and the like are left out. */
export function ruleOf({ ruleId, trigger, priority, enabled, when, action, ttlSeconds }: ChainRule): DraftRule {
  return { ruleId, trigger, priority, enabled, when, action, ttlSeconds } as DraftRule;
}

/** The stored rules with drafts in the place of those of the same name. */
export const withDrafts = (rules: readonly ChainRule[], drafts: readonly DraftRule[]): DraftRule[] => [
  ...rules.filter(({ ruleId }) => !drafts.some((draft) => draft.ruleId === ruleId)).map(ruleOf),
  ...drafts,
];

/** The question to the API; null while no trigger is named. `rules` is null to ask by those that are stored. */
export function previewBody(triggers: readonly string[], sessionId: string, { signals, at }: Setup, rules: readonly DraftRule[] | null): PreviewBody | null {
  if (!triggers.length) return null;
  const body = {
    triggers,
    ...(sessionId ? { sessionId } : {}),
    ...(signals.length ? { signals: bodySignals(signals, at) } : {}),
    ...(rules ? { rules } : {}),
    at: new Date(at).toISOString(),
  };
  // Without the exact numbers that rules may hold: a question is compared with the one before by its text.
  return JSON.parse(writeExact(body)) as PreviewBody;
}

/** The triggers that an address names, each once; those of the rules if it names none. */
export function triggersOf(text: string | null, rules: readonly ChainRule[] | undefined): string[] {
  const named = (text ?? "").split(",").filter((name) => NAME.test(name));
  const found = text === null ? (rules ?? []).map(({ trigger }) => trigger as string) : named;
  return [...new Set(found)].sort().slice(0, MAX_TRIGGERS);
}

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object" && !Array.isArray(value);
const isCondition = (value: unknown): value is Condition => isObject(value) && ("signalKey" in value || "segmentIn" in value);

/** What a rule asked for in vain, in words. */
export function expectedText(expected: unknown): string {
  if (isCondition(expected)) return conditionText(expected);
  if (!isObject(expected)) return "";
  if (isCondition(expected["not"])) return oppositeText(expected["not"]);
  const any = expected["any"];
  return Array.isArray(any) ? any.filter(isCondition).map(conditionText).join(", or ") : "";
}

/** What the session has instead, in words. */
export function actualText(actual: unknown): string {
  if (isObject(actual) && typeof actual["count"] === "number") return plural(actual["count"], "signal");
  if (!Array.isArray(actual)) return "";
  if (actual.every((part) => typeof part === "string")) return actual.length ? `the segments ${actual.join(", ")}` : "no segment";
  return actual.map(actualText).join("; ");
}

/** What two decisions have to have in common; the moment is another for each question. */
function compared({ decidedAt, decisionId, ...rest }: Envelope): string {
  void decidedAt;
  // The first ten characters of the id are the moment; the others are the digest of session, rules and trigger.
  return JSON.stringify({ ...rest, digest: decisionId.slice("dec_".length + 10) });
}

export type Comparison = { trigger: string; same: boolean };

/** Whether each answer is the same for every trigger. */
export function compareAll(triggers: readonly string[], answers: readonly Readonly<Record<string, Envelope | undefined>>[]): Comparison[] {
  return triggers.map((trigger) => {
    const texts = answers.map((answer) => answer[trigger]).map((one) => one && compared(one));
    return { trigger, same: texts.every((text) => text !== undefined && text === texts[0]) };
  });
}
