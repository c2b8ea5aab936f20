import { isLosslessNumber, parse } from "lossless-json";
import type { Fault } from "../api/problem";

/** Where text is not JSON: line and column count from 1, `at` is the place in the text. */
export type JsonFault = { message: string; line: number; column: number; at: number };

export type Json = { value: unknown } | { fault: JsonFault };

/** Reads JSON; numbers keep their digits, as `LosslessNumber`. */
export function readJson(text: string): Json {
  try {
    return { value: parse(text) };
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const at = Math.min(Number(/at position (\d+)$/.exec(said)?.[1] ?? text.length), text.length);
    const before = text.slice(0, at).split("\n");
    return { fault: { message: said.replace(/ at position \d+$/, ""), line: before.length, column: (before.at(-1) ?? "").length + 1, at } };
  }
}

/** A fault with its place in words. */
export const jsonFaultText = ({ message, line, column }: JsonFault): string => `Line ${line}, column ${column}: ${message}.`;

const below = (path: string, name: string): string => (path ? `${path}.${name}` : name);

/** Reads members of JSON into what a form holds; whatever has another type is a fault with its path. */
export class JsonReader {
  readonly faults: Fault[] = [];

  private fault(field: string, message: string): void {
    this.faults.push({ field, message });
  }

  /** The members of an object; others than these are faults. */
  members(value: unknown, path: string, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (value == null) return {};
    if (typeof value !== "object" || Array.isArray(value) || isLosslessNumber(value)) {
      this.fault(path, "Has to be an object.");
      return {};
    }
    for (const name of Object.keys(value)) if (!known.includes(name)) this.fault(below(path, name), `There is no such member. There are ${known.join(", ")}.`);
    return value as Readonly<Record<string, unknown>>;
  }

  /** A text; empty without one. */
  text(value: unknown, path: string): string {
    if (value == null) return "";
    if (typeof value === "string") return value;
    this.fault(path, "Has to be a text.");
    return "";
  }

  /** The digits of a number; empty without one. */
  number(value: unknown, path: string): string {
    if (value == null) return "";
    if (isLosslessNumber(value)) return value.value;
    this.fault(path, "Has to be a number.");
    return "";
  }

  flag(value: unknown, path: string, otherwise: boolean): boolean {
    if (typeof value === "boolean") return value;
    if (value != null) this.fault(path, "Has to be true or false.");
    return otherwise;
  }

  list<T>(value: unknown, path: string, item: (value: unknown, path: string) => T): T[] {
    if (value == null) return [];
    if (Array.isArray(value)) return value.map((part, index) => item(part, `${path}[${index}]`));
    this.fault(path, "Has to be a list.");
    return [];
  }

  one<T extends string>(value: unknown, path: string, of: readonly T[], otherwise: T): T {
    const found = of.find((known) => known === value);
    if (found === undefined) this.fault(path, `Has to be one of ${of.join(", ")}.`);
    return found ?? otherwise;
  }
}
