import { filled, type Conditions } from "./linkForm";
import { countryName } from "./countries";
import { either, sameWord, together } from "./words";

/** The conditions a rule can have, in the order in which they are offered. */
export const KINDS = [
  { id: "countryIn", name: "Country" },
  { id: "deviceIn", name: "Device" },
  { id: "sourceIn", name: "Source" },
  { id: "campaignIn", name: "Campaign" },
  { id: "segmentIn", name: "Segment" },
  { id: "languageIn", name: "Language" },
  { id: "weekdayIn", name: "Weekday" },
  { id: "timeBetween", name: "Time of day" },
  { id: "percent", name: "Share of visitors" },
] as const;

export type Kind = (typeof KINDS)[number]["id"];
type ListKind = Exclude<Kind, "timeBetween" | "percent">;

export const DEVICES = ["MOBILE", "TABLET", "DESKTOP", "BOT", "UNKNOWN"] as const;
export const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"] as const;

const LISTS: readonly ListKind[] = ["countryIn", "deviceIn", "sourceIn", "campaignIn", "segmentIn", "languageIn", "weekdayIn"];

/** The values of a list condition; empty if the rule does not ask for it. */
export const valuesOf = (conditions: Conditions, kind: ListKind): readonly string[] => (conditions[kind] as readonly string[] | null | undefined) ?? [];

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase();

function part(conditions: Conditions, kind: Kind): string {
  if (kind === "timeBetween") {
    const span = conditions.timeBetween;
    return span ? `the time is ${span.from} to ${span.to} ${span.timeZone ?? "UTC"}` : "";
  }
  if (kind === "percent") {
    const share = conditions.percent;
    return share ? `the visitor is among ${share.from} to ${share.to} % of all` : "";
  }
  const values = valuesOf(conditions, kind);
  if (kind === "countryIn") return `the country is ${either(values.map(countryName))}`;
  if (kind === "deviceIn") return `the device is ${either(values.map((value) => value.toLowerCase()))}`;
  if (kind === "weekdayIn") return `it is ${either(values.map(capital))}`;
  return `the ${KINDS.find(({ id }) => id === kind)?.name.toLowerCase()} is ${either(values)}`;
}

/** The conditions a rule really has. */
export const kindsOf = (conditions: Conditions): Kind[] => KINDS.map(({ id }) => id).filter((kind) => kind in filled(conditions));

/** A rule's conditions as a sentence, such as `If the country is Germany or Austria and the device is mobile`. */
export function sentence(conditions: Conditions): string {
  const parts = kindsOf(conditions).map((kind) => part(conditions, kind));
  return parts.length ? `If ${together(parts)}` : "Everyone";
}

/** Whether a wanted language range also takes all that the other takes. */
const language = (wide: string, narrow: string): boolean => sameWord(wide, narrow) || narrow.toLowerCase().startsWith(`${wide.toLowerCase()}-`);

function includes(wide: Conditions, narrow: Conditions, kind: Kind): boolean {
  if (kind === "percent") {
    const [a, b] = [wide.percent, narrow.percent];
    return Boolean(a && b && a.from <= b.from && b.to <= a.to);
  }
  if (kind === "timeBetween") {
    const [a, b] = [wide.timeBetween, narrow.timeBetween];
    return Boolean(a && b && a.from === b.from && a.to === b.to && (a.timeZone ?? "UTC") === (b.timeZone ?? "UTC"));
  }
  // Weekdays are those of the rule's own zone, so that the same name may be another day.
  if (kind === "weekdayIn" && (wide.timeBetween?.timeZone ?? "UTC") !== (narrow.timeBetween?.timeZone ?? "UTC")) return false;
  const match = kind === "languageIn" ? language : sameWord;
  const values = valuesOf(narrow, kind);
  return values.length > 0 && values.every((value) => valuesOf(wide, kind).some((wider) => match(wider, value)));
}

/** Whether everyone that the second rule wants is taken by the first one. */
export const covers = (wide: Conditions, narrow: Conditions): boolean => kindsOf(wide).every((kind) => includes(wide, narrow, kind));

/** Whether a visitor can match both: no list of one excludes that of the other. */
export function overlap(a: Conditions, b: Conditions): boolean {
  const apart = LISTS.some((kind) => {
    const [left, right] = [valuesOf(a, kind), valuesOf(b, kind)];
    // A session has many segments at once, and one language range may be within another.
    if (!left.length || !right.length || kind === "segmentIn" || kind === "languageIn") return false;
    return !left.some((value) => right.some((other) => sameWord(value, other)));
  });
  const [p, q] = [a.percent, b.percent];
  return !apart && !(p && q && (p.to <= q.from || q.to <= p.from));
}

export type RuleHint = { kind: "unreachable" | "everyone" | "overlap"; text: string };

/** What is worth knowing about a rule, by the rules before it: that none reaches it, or that some visitors are taken earlier. */
export function hint(rules: readonly { conditions: Conditions }[], index: number): RuleHint | null {
  const rule = rules[index];
  if (!rule) return null;
  const earlier = rules.slice(0, index);
  const taker = earlier.findIndex(({ conditions }) => covers(conditions, rule.conditions));
  if (taker >= 0) return { kind: "unreachable", text: `No visitor reaches it: rule ${taker + 1} takes them all.` };
  if (!kindsOf(rule.conditions).length) return { kind: "everyone", text: "It takes every visitor who gets here; nothing after it is evaluated." };
  const shared = earlier.findIndex(({ conditions }) => overlap(conditions, rule.conditions));
  return shared >= 0 ? { kind: "overlap", text: `Visitors who match rule ${shared + 1} too go there.` } : null;
}

/** The list with one item at another place. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items];
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(Math.max(0, Math.min(to, next.length)), 0, item);
  return next;
}
