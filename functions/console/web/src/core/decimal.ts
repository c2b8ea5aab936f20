import { isLosslessNumber, LosslessNumber, parse, stringify } from "lossless-json";

/** A decimal number as the answer writes it, such as `"24.90"`: amounts and rates are never a binary fraction. */
export type Decimal = string & { readonly decimal: unique symbol };

/** The members of answers that hold decimals; the figures of `revenueByCurrency` are named by their currency. */
const DECIMALS = new Set(["value", "amount", "netValue", "adjusted", "revenue", "revenueConfirmed", "conversionRate"]);

/** The member that holds what customers made up: its numbers are what they are, whatever they are called. */
const OF_CUSTOMERS = "data";

/** Reads JSON; decimals become text with exactly the digits of the source, all other numbers are numbers. */
export function parseExact(text: string): unknown {
  return converted(parse(text), "", false);
}

function converted(value: unknown, key: string, free: boolean): unknown {
  if (isLosslessNumber(value)) {
    const number = Number(value.value);
    // `writeExact` writes a number that a binary fraction cannot hold with its own digits again.
    if (free) return String(number) === value.value ? number : value;
    return DECIMALS.has(key) || /^[A-Z]{3}$/.test(key) ? value.value : number;
  }
  if (Array.isArray(value)) return value.map((item) => converted(item, "", free));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, part]) => [name, converted(part, name, free || name === OF_CUSTOMERS)] as const);
  return Object.fromEntries(entries);
}

/** A number for a body that is written with exactly these digits, by `writeExact`. */
export const exactNumber = (value: Decimal): number => new LosslessNumber(value) as unknown as number;

/** Writes JSON; a number made by `exactNumber` has its own digits. */
export const writeExact = (body: unknown, space?: number): string => stringify(body, null, space) ?? "";

/** JSON with line breaks, every number with the digits it has in the text; the text itself if it is not JSON. */
export function prettyJson(text: string): string {
  try {
    return stringify(parse(text), null, 2) ?? text;
  } catch {
    return text;
  }
}

/** JSON of what `parseExact` has read: its decimals are numbers again. */
export const exactJson = (value: unknown): string =>
  stringify(value, (name, member) => (DECIMALS.has(name) && typeof member === "string" && decimal(member) ? new LosslessNumber(member) : member), 2) ?? "";

/** The text of a number as a decimal; null unless it is one. */
export function decimal(text: string): Decimal | null {
  return /^-?\d+(\.\d+)?$/.test(text) ? (text as Decimal) : null;
}

type Scaled = { units: bigint; scale: number };

function scaled(value: Decimal): Scaled {
  const [whole = "0", fraction = ""] = value.split(".");
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** The exact sum. */
export function add(left: Decimal, right: Decimal): Decimal {
  const [a, b] = [scaled(left), scaled(right)];
  const scale = Math.max(a.scale, b.scale);
  const units = a.units * 10n ** BigInt(scale - a.scale) + b.units * 10n ** BigInt(scale - b.scale);
  const sign = units < 0n ? "-" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return (scale ? `${sign}${whole}.${digits.slice(-scale)}` : `${sign}${whole}`) as Decimal;
}

/** The same amount with the other sign. */
export const negated = (value: Decimal): Decimal => (value.startsWith("-") ? value.slice(1) : sign(value) === 0 ? value : `-${value}`) as Decimal;

/** Whether it is less than, equal to or greater than zero: -1, 0 or 1. */
export function sign(value: Decimal): -1 | 0 | 1 {
  const { units } = scaled(value);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}
