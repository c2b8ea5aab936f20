import { NO_VISITOR, type Visitor } from "./preview";

/** A visitor of the live preview under a name; kept in this browser. */
export type SavedVisitor = { name: string; visitor: Visitor };

/** More are not kept. */
export const MAX_VISITORS = 20;

/** The saved visitors that a text holds; what is not one is left out. */
export function visitorsOf(text: string | null): SavedVisitor[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(found)) return [];
    return found.flatMap((each: unknown): SavedVisitor[] => {
      const { name, visitor } = (each ?? {}) as { name?: unknown; visitor?: unknown };
      if (typeof name !== "string" || !name || typeof visitor !== "object" || visitor === null) return [];
      const fields = Object.entries(NO_VISITOR).map(([field, none]) => {
        const value: unknown = new Map<string, unknown>(Object.entries(visitor)).get(field);
        return [field, typeof value === "string" ? value : none];
      });
      return [{ name, visitor: Object.fromEntries(fields) as Visitor }];
    }).slice(0, MAX_VISITORS);
  } catch {
    return [];
  }
}

/** The visitors with one more; one of the same name is replaced, and the oldest make room. */
export const withVisitor = (all: readonly SavedVisitor[], added: SavedVisitor): SavedVisitor[] =>
  [...all.filter(({ name }) => name !== added.name), added].slice(-MAX_VISITORS);

/** Whether anything is known of a visitor. */
export const isKnown = (visitor: Visitor): boolean => Object.values(visitor).some((value) => value.trim() !== "");

export const sameVisitor = (a: Visitor, b: Visitor): boolean => Object.keys(NO_VISITOR).every((field) => a[field as keyof Visitor] === b[field as keyof Visitor]);
