export type Difference = { field: string; before: unknown; after: unknown };

const leaf = (value: unknown): boolean => value === null || typeof value !== "object" || Array.isArray(value);
const equal = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** The fields in which two objects differ, with those of their parts by path; an absent field is like null. */
export function differences(before: object, after: object, ignored: readonly string[] = [], path = ""): Difference[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const names = [...new Set([...old.keys(), ...now.keys()])].filter((name) => !ignored.includes(name));
  return names.flatMap((name) => {
    const [a, b] = [old.get(name), now.get(name)];
    const field = path ? `${path}.${name}` : name;
    if (equal(a, b)) return [];
    if (a != null && b != null && !leaf(a) && !leaf(b)) return differences(a, b, [], field);
    return [{ field, before: a ?? null, after: b ?? null }];
  });
}

export type Merge<T> = { merged: T; conflicts: Difference[] };

/**
 * Applies what I changed since `base` to `theirs`. A field that both changed to different values is a conflict, and keeps my value; its
 * `before` is theirs.
 */
export function merge<T extends object>(base: T, mine: T, theirs: T): Merge<T> {
  const merged = new Map<string, unknown>(Object.entries(theirs));
  const [old, other] = [new Map(Object.entries(base)), new Map(Object.entries(theirs))];
  const conflicts: Difference[] = [];
  for (const [name, value] of Object.entries(mine)) {
    if (equal(old.get(name), value)) continue;
    if (!equal(old.get(name), other.get(name)) && !equal(other.get(name), value)) {
      conflicts.push({ field: name, before: other.get(name), after: value });
    }
    merged.set(name, value);
  }
  return { merged: Object.fromEntries(merged) as T, conflicts };
}
