import type { AuditEvent } from "./audit";
import { plural } from "./numbers";
import { together } from "./words";

/** What a person can be named by, as the API calls it. */
export const NAMES = ["sessionId", "idempotencyKey", "clickId"] as const;
export type Name = (typeof NAMES)[number];

export const NAME_TEXTS: Readonly<Record<Name, { id: Name; name: string; what: string; help: string }>> = {
  sessionId: { id: "sessionId", name: "Session", what: "the session", help: "The id of one of the person's visits; the person's browser knows it as tenx.session." },
  idempotencyKey: { id: "idempotencyKey", name: "Order key", what: "the order key", help: "The key that an order of the person was reported with, such as the order number." },
  clickId: { id: "clickId", name: "Click id", what: "the click id", help: "The id of one of the person's clicks, as the list of clicks shows it." },
};

export const isName = (text: unknown): text is Name => NAMES.some((name) => name === text);

/** A person, by exactly one name. */
export type Person = { by: Name; id: string };

/** The person that an address names: an empty id while there is none. */
export function personOf(query: URLSearchParams): Person {
  const by = NAMES.find((name) => query.has(name)) ?? "sessionId";
  return { by, id: query.get(by) ?? "" };
}

/** The person as the API takes it, in a body or a query. */
export const named = ({ by, id }: Person): Partial<Record<Name, string>> => ({ [by]: id });

/** The name of the file with a person's data. */
export const personFile = (handle: string, { id }: Person): string => `${handle}-person-${id.replace(/[^\w.-]/g, "_")}.json`;

const KINDS = [["signal", "signal"], ["click", "click"], ["conversion", "conversion"]] as const;

/** What is in an exported file: `3 signals, 2 clicks, and 1 conversion`; empty if nothing is. */
export function contents(file: string): string {
  const records = JSON.parse(file) as { kind: string }[];
  const found = KINDS.map(([kind, word]) => [records.filter((record) => record.kind === kind).length, word] as const);
  return together(found.filter(([number]) => number > 0).map(([number, word]) => plural(number, word)));
}

/** A request to erase a person, and what was erased if it was made already. */
export type Erasure = { erasureId: string; requestedAt: string; actor: string; by: Name | null; erased: { at: string; text: string } | null };

const counted = (state: AuditEvent["after"], name: string, word: string): string[] => {
  const number = Number((state as Record<string, unknown> | null | undefined)?.[name] ?? 0);
  return number > 0 ? [plural(number, word)] : [];
};

function erasedBy({ at, after }: AuditEvent): Erasure["erased"] {
  const parts = [...counted(after, "clicks", "click"), ...counted(after, "conversions", "conversion"), ...counted(after, "sessions", "session")];
  return { at, text: parts.length ? together(parts) : "nothing was found" };
}

/** The requests among audit events, newest first as these are; each with the latest report of what was erased. */
export function erasures(events: readonly AuditEvent[]): Erasure[] {
  return events
    .filter(({ action }) => action === "privacy.erase_requested")
    .map(({ target, at, actor, after }) => {
      const report = events.find((event) => event.action === "privacy.erased" && event.target === target);
      const by = (after as Record<string, unknown> | null | undefined)?.["by"];
      return { erasureId: target, requestedAt: at, actor: actor.id, by: isName(by) ? by : null, erased: report ? erasedBy(report) : null };
    });
}
