import type { Body, Schema } from "../api/client";
import { plural } from "./numbers";
import { inTurn } from "./turn";
import { either, sameWord, together } from "./words";

export type ChainRule = Schema["ChainRule"];
export type ChainRuleBody = Body<"/v2/handles/{handle}/chain/rules/{ruleId}", "put">;
export type When = Schema["ChainWhen"];
export type Condition = Schema["ChainCondition"];
type SegmentCondition = Schema["SegmentCondition"];
export type Action = Schema["ChainAction"];
export type ActionType = Schema["ChainActionType"];

/** The groups of a rule's conditions, in the order in which they are evaluated. */
export const GROUPS = [
  { id: "all", name: "All of these", text: "Every one has to hold." },
  { id: "any", name: "Any of these", text: "At least one has to hold." },
  { id: "none", name: "None of these", text: "Not one may hold." },
] as const;
export type Group = (typeof GROUPS)[number]["id"];

/** What a page can be asked to do. */
export const ACTIONS: readonly { id: ActionType; name: string; text: string }[] = [
  { id: "banner", name: "Banner", text: "A strip at the top of the page." },
  { id: "popup", name: "Popup", text: "A box over the page." },
  { id: "cta", name: "Call to action", text: "A button with a reason to press it." },
  { id: "message", name: "Message", text: "A note in the corner of the page." },
  { id: "redirect", name: "Redirect", text: "The page goes to another address." },
  { id: "none", name: "Nothing", text: "The page stays as it is; later rules are not evaluated." },
];

/** What a trigger, and the key of a signal, may consist of. */
export const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
/** Triggers that one request may ask for. */
export const MAX_TRIGGERS = 20;

export const isSegment = (condition: Condition): condition is SegmentCondition => "segmentIn" in condition;

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;

/** Seconds in the largest unit that needs no fraction: `90 seconds`, `2 hours`. */
export function duration(seconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size && seconds % size === 0) ?? UNITS[3];
  return plural(seconds / size, unit);
}

/** Letters that are written from right to left, and marks that turn what follows them. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Text of others within a sentence: what turns the direction of writing does so for itself only. */
export const quoted = (text: string): string => (TURNS.test(text) ? `“\u2068${text}\u2069”` : `“${text}”`);

function signals(condition: Exclude<Condition, SegmentCondition>): string {
  const { signalKey, signalValueIn = [], withinSeconds, minConfidence } = condition;
  const values = signalValueIn.length ? ` with the value ${either(signalValueIn.map(quoted))}` : "";
  const certain = minConfidence != null ? ` of confidence ${minConfidence} or more` : "";
  const recent = withinSeconds != null ? ` within ${duration(withinSeconds)}` : "";
  return `${signalKey}${values}${certain}${recent}`;
}

/** A condition in words, such as `there are at least 2 signals view within 1 day`. */
export function conditionText(condition: Condition): string {
  if (isSegment(condition)) return `the segment is ${either(condition.segmentIn.map(quoted))}`;
  const least = condition.minCount ?? 1;
  return least === 1 ? `there is a signal ${signals(condition)}` : `there are at least ${least} signals ${signals(condition)}`;
}

/** The opposite of a condition in words. */
export function oppositeText(condition: Condition): string {
  if (isSegment(condition)) return `the segment is not ${either(condition.segmentIn.map(quoted))}`;
  const least = condition.minCount ?? 1;
  return least === 1 ? `there is no signal ${signals(condition)}` : `there are fewer than ${least} signals ${signals(condition)}`;
}

/** What a rule asks as a sentence; `Always` if it asks nothing. */
export function whenText({ all = [], any = [], none = [] }: When): string {
  const parts = all.map(conditionText);
  if (any.length) parts.push(any.length === 1 ? any.map(conditionText).join("") : `either ${any.map(conditionText).join(", or ")}`);
  parts.push(...none.map(oppositeText));
  return parts.length ? `If ${together(parts)}` : "Always";
}

/** What a rule does in a few words, such as `shows the banner “Welcome”`. */
export function actionText({ type, title, text, label, destinationUrl }: Action): string {
  if (type === "none") return "shows nothing";
  if (type === "redirect") return `goes to ${destinationUrl ?? "another address"}`;
  const words = title || text || label;
  const name = type === "cta" ? "call to action" : type;
  return `shows the ${name}${words ? ` ${quoted(words)}` : ""}`;
}

const within = (values: readonly string[], wide: readonly string[]): boolean => values.every((value) => wide.some((other) => sameWord(value, other)));

/** Whether every session that meets the narrow condition meets the wide one too. */
export function follows(wide: Condition, narrow: Condition): boolean {
  if (isSegment(wide) || isSegment(narrow)) return isSegment(wide) && isSegment(narrow) && within(narrow.segmentIn, wide.segmentIn);
  const [values, fewer] = [wide.signalValueIn ?? [], narrow.signalValueIn ?? []];
  return (
    wide.signalKey === narrow.signalKey &&
    (wide.minCount ?? 1) <= (narrow.minCount ?? 1) &&
    (wide.withinSeconds == null || (narrow.withinSeconds != null && narrow.withinSeconds <= wide.withinSeconds)) &&
    (wide.minConfidence == null || (narrow.minConfidence != null && narrow.minConfidence >= wide.minConfidence)) &&
    (!values.length || (fewer.length > 0 && within(fewer, values)))
  );
}

/** Whether every session that the second rule wants is taken by the first; false also where that cannot be seen from the conditions. */
export function takes(wide: When, narrow: When): boolean {
  const [any, wideAny] = [narrow.any ?? [], wide.any ?? []];
  const sure = (condition: Condition): boolean =>
    (narrow.all ?? []).some((known) => follows(condition, known)) || (any.length > 0 && any.every((known) => follows(condition, known)));
  const oneOfAny = any.length > 0 && any.every((known) => wideAny.some((condition) => follows(condition, known)));
  return (
    (wide.all ?? []).every(sure) &&
    (!wideAny.length || wideAny.some(sure) || oneOfAny) &&
    (wide.none ?? []).every((condition) => (narrow.none ?? []).some((known) => follows(known, condition)))
  );
}

/** The rules by trigger, triggers by name, each trigger's rules in turn. */
export function byTrigger<R extends Pick<ChainRule, "priority" | "ruleId" | "trigger">>(rules: readonly R[]): [string, R[]][] {
  const found = new Map<string, R[]>();
  for (const rule of inTurn(rules)) found.set(rule.trigger, [...(found.get(rule.trigger) ?? []), rule]);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The earlier rule of a trigger that takes every session a rule wants; rules that are off take none. */
export function taker(rules: readonly ChainRule[], index: number): ChainRule | null {
  const rule = rules[index];
  if (!rule?.enabled) return null;
  return rules.slice(0, index).find((earlier) => earlier.enabled && takes(earlier.when, rule.when)) ?? null;
}
