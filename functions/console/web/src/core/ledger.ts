import type { Schema } from "../api/client";
import { add, negated, sign, type Decimal } from "./decimal";

type Entry = Schema["LedgerEntry"];
const ZERO = "0" as Decimal;

/** A bar of the waterfall: where it begins and ends, and by how much the ledger changed. */
export type Step = { id: string; kind: "value" | "up" | "down" | "net"; name: string; note: string | null; amount: Decimal; from: Decimal; to: Decimal };

/** The ledger as steps from nothing to its net value; empty for a conversion without a value. */
export function steps(entries: readonly Entry[]): Step[] {
  let sum = ZERO;
  const found = entries.flatMap((entry): Step[] => {
    if (entry.amount == null) return [];
    const from = sum;
    sum = add(sum, entry.amount);
    const isValue = entry.kind === "CONVERSION";
    const kind = isValue ? "value" : sign(entry.amount) < 0 ? "down" : "up";
    const name = isValue ? "Value" : (entry.reason ?? "Adjustment");
    return [{ id: entry.entryId, kind, name, note: entry.actor ? entry.actor.id : null, amount: entry.amount, from, to: sum }];
  });
  return found.length ? [...found, { id: "net", kind: "net", name: "Net", note: null, amount: sum, from: ZERO, to: sum }] : [];
}

/** The sum of the entries; null without any amount. */
export function net(entries: readonly Entry[]): Decimal | null {
  const all = steps(entries);
  return all.at(-1)?.amount ?? null;
}

export type AmountFault = "format" | "zero" | "places" | "below" | null;

/** What is wrong with an adjustment, seen before it is sent: more decimals than the currency has, nothing, or more than there is. */
export function amountFault(amount: Decimal | null, places: number, present: Decimal): AmountFault {
  if (amount === null) return "format";
  if ((amount.split(".")[1]?.length ?? 0) > places) return "places";
  if (sign(amount) === 0) return "zero";
  return sign(add(present, amount)) < 0 ? "below" : null;
}

/** The adjustment that leaves nothing. */
export const fullRefund = (present: Decimal): Decimal => negated(present);

/** A key of an adjustment, such as `console-20261122-k3v8wq`: one for each form, so that sending it twice adjusts once. */
export function adjustmentKey(now: number, random: Uint8Array = crypto.getRandomValues(new Uint8Array(6))): string {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const tail = Array.from(random, (byte) => letters[byte % letters.length]).join("");
  return `console-${new Date(now).toISOString().slice(0, 10).replaceAll("-", "")}-${tail}`;
}
