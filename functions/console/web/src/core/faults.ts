import type { Fault } from "../api/problem";

/** A field's message, and those of its parts that have no field of their own. */
export function faultOf(faults: readonly Fault[], field: string): string | undefined {
  return faults.find((fault) => fault.field === field)?.message;
}

/** The faults below a field, with the rest of their path: of `routingRules[1]`, `routingRules[1].destinationUrl` is `destinationUrl`. */
export function faultsBelow(faults: readonly Fault[], field: string): Fault[] {
  return faults
    .filter((fault) => fault.field.startsWith(field) && /^[.[]/.test(fault.field.slice(field.length)))
    .map((fault) => ({ ...fault, field: fault.field.slice(field.length).replace(/^\./, "") }));
}

/** The faults of fields that a form does not show; they are shown above it. */
export const unplaced = (faults: readonly Fault[], shown: readonly string[]): Fault[] =>
  faults.filter((fault) => !shown.some((name) => fault.field === name || fault.field.startsWith(`${name}.`) || fault.field.startsWith(`${name}[`)));
