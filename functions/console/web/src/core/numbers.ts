const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** A count to its last digit. */
export const count = (value: number): string => whole.format(value);

/** A count for a figure: from 10,000 on short. */
export const shortCount = (value: number): string => (Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value));

/** A share such as `9.4%`; a dash without anything to divide by. */
export const share = (part: number, all: number): string => (all > 0 ? percents.format(part / all) : "–");

/** A rate such as 0.0312 in percent; a dash for none. */
export const rate = (value: number | string | null | undefined): string => (value == null ? "–" : percents.format(Number(value)));

export type Change = { direction: "up" | "down" | "same"; text: string; spoken: string };

/** How a figure differs from the period before; null when there was nothing to compare with. */
export function change(now: number, before: number): Change | null {
  if (before === 0) return now === 0 ? { direction: "same", text: "0%", spoken: "as before" } : null;
  const part = (now - before) / Math.abs(before);
  const text = percents.format(Math.abs(part));
  if (now === before) return { direction: "same", text: "0%", spoken: "as before" };
  const up = now > before;
  return { direction: up ? "up" : "down", text: `${up ? "+" : "−"}${text}`, spoken: `${text} ${up ? "more" : "less"} than before` };
}

/** A value as one of five steps by its share of the largest one; 0 for nothing. */
export const level = (value: number, most: number): number => (value > 0 ? Math.min(5, 1 + Math.floor((5 * value) / (most + 1))) : 0);

/** `1 link`, `2 links`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${new Intl.PluralRules("en").select(value) === "one" ? one : many}`;
}
