import type { Schema } from "../api/client";
import { quoted } from "./chain";
import { dayOf, shortDay, type Day } from "./time";
import { together } from "./words";

const SESSION_ID = /^[A-Za-z0-9_.:-]{1,128}$/;
/** Whether a session of this id can be read: under `rules` the API answers the rules. */
export const isSessionId = (text: string): boolean => SESSION_ID.test(text) && text !== "rules";

export type Session = Schema["ChainSession"];
export type Signal = Schema["SessionSignal"];

/** Signals that make a visitor engaged, and the confidence of an intent that does so at once. */
const ENGAGED = 5;
const ENGAGED_CONFIDENCE = 0.7;

/** What the segments stand for that are not assigned, in their order of precedence after those that are. */
export const SEGMENTS: Readonly<Record<string, string>> = {
  converted: "A conversion was made in the session within 30 days.",
  engaged_prospect: "The session has 5 signals or more, or an intent of confidence 0.7 or more.",
  returning: "The session has signals on 2 UTC days or more.",
  new: "All signals of the session are of one UTC day, or it has none.",
  none: "The visitor came without a session.",
  other: "Segments with the fewest clicks, together.",
};

/** What a segment stands for. */
export const definition = (segment: string): string => SEGMENTS[segment] ?? `Assigned by a signal segment with the value ${quoted(segment)}.`;

const daysOf = (signals: readonly Signal[]): Day[] => [...new Set(signals.map(({ occurredAt }) => dayOf(Date.parse(occurredAt))))];

function engaged(signals: readonly Signal[]): string {
  const intents = signals.filter(({ signalKey }) => signalKey === "intent").map(({ confidence }) => confidence);
  const highest = Math.max(-1, ...intents);
  const reasons = [
    ...(signals.length >= ENGAGED ? [`it has ${signals.length} signals; ${ENGAGED} suffice`] : []),
    ...(highest >= ENGAGED_CONFIDENCE ? [`an intent has confidence ${highest}; ${ENGAGED_CONFIDENCE} suffices`] : []),
  ];
  return reasons.length ? `Because ${reasons.join(", and ")}.` : "";
}

/** Why a session has a segment, by its own signals. */
export function whyOf(segment: string, { signals }: Pick<Session, "signals">): string {
  const assigned = signals.find(({ signalKey, signalValue }) => signalKey === "segment" && signalValue?.toLowerCase() === segment);
  if (assigned) return `Assigned by a signal segment${assigned.source ? ` from ${quoted(assigned.source)}` : ""}.`;
  const days = daysOf(signals);
  if (segment === "converted") return "A conversion was made in this session within 30 days.";
  if (segment === "engaged_prospect") return engaged(signals);
  if (segment === "returning") return `Its signals are of ${days.length} UTC days: ${together(days.map(shortDay))}.`;
  if (segment === "new") return days[0] ? `All its signals are of one UTC day, ${shortDay(days[0])}.` : "It has no signals.";
  return "";
}

/** Signals by key, the most frequent key first. */
export function byKey(signals: readonly Signal[]): [string, Signal[]][] {
  const found = new Map<string, Signal[]>();
  for (const signal of signals) found.set(signal.signalKey, [...(found.get(signal.signalKey) ?? []), signal]);
  return [...found].sort(([a, of], [b, others]) => others.length - of.length || (a < b ? -1 : 1));
}
