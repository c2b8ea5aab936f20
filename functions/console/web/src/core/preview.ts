import type { Schema } from "../api/client";
import { DEVICES, valuesOf } from "./rules";
import type { RuleForm } from "./linkForm";

/** A visitor while it is edited. */
export type Visitor = { country: string; device: string; source: string; campaign: string; segments: string; language: string; sessionId: string; at: string };
export type Visit = Partial<Record<"country" | "device" | "source" | "campaign" | "language" | "sessionId" | "at", string>> & { segments?: string[] };
export type Decision = Schema["Preview"];

export const NO_VISITOR: Visitor = { country: "", device: "", source: "", campaign: "", segments: "", language: "", sessionId: "", at: "" };

/** The visit of a form, without what is empty. `at` is an instant. */
export function visitOf(visitor: Visitor, at: string | null): Visit {
  const { segments, ...rest } = visitor;
  const texts = { ...rest, at: "" };
  const named = segments.split(",").map((segment) => segment.trim()).filter(Boolean);
  const visit: Visit = Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
  return { ...visit, ...(named.length ? { segments: named } : {}), ...(at ? { at } : {}) };
}

const USUAL = ["US", "DE", "GB", "JP", "BR", "IN"];
/** The devices of the matrix. */
export const COLUMNS = DEVICES.slice(0, 3);

/** Four countries: those the rules ask for first, filled up with usual ones that no rule names. */
export function matrixCountries(rules: readonly Pick<RuleForm, "conditions">[]): string[] {
  const asked = [...new Set(rules.flatMap(({ conditions }) => valuesOf(conditions, "countryIn")).map((code) => code.toUpperCase()))];
  return [...asked.slice(0, 3), ...USUAL.filter((code) => !asked.includes(code))].slice(0, 4);
}

/** The visits of the matrix, row by row. */
export function matrixVisits(visit: Visit, countries: readonly string[]): Visit[] {
  return countries.flatMap((country) => COLUMNS.map((device) => ({ ...visit, country, device })));
}

const NAMES: Readonly<Record<string, string>> = {
  DEFAULT: "Destination", FALLBACK: "Fallback", UNAVAILABLE: "Not available", ROUTING_RULE: "Rule", PERSONALIZATION_RULE: "Handle rule",
};

/** What decided, in two words: `Rule 2`, `Destination`. */
export function decidedBy({ matched }: Pick<Decision, "matched">): string {
  const name = NAMES[matched.kind] ?? matched.kind;
  if (matched.kind === "ROUTING_RULE") return `${name} ${(matched.index ?? 0) + 1}`;
  return matched.ruleId ? `${name} ${matched.ruleId}` : name;
}

/** Whether two decisions send the visitor to the same place. */
export const sameWay = (a: Decision | undefined, b: Decision | undefined): boolean =>
  a?.destinationUrl === b?.destinationUrl && a?.matched.kind === b?.matched.kind;

/** A value of a condition in words. */
export function shown(value: unknown): string {
  if (value == null) return "none";
  if (Array.isArray(value)) return value.length ? value.map(shown).join(", ") : "none";
  if (typeof value !== "object") return String(value);
  const span = value as { from?: unknown; to?: unknown };
  return "from" in span && "to" in span ? `${String(span.from)} to ${String(span.to)}` : JSON.stringify(value);
}
