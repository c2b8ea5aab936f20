/** Changes parts of an address's query; null and empty texts remove one. */
export function changed(query: URLSearchParams, parts: Readonly<Record<string, string | null>>): URLSearchParams {
  const result = new URLSearchParams(query);
  for (const [name, value] of Object.entries(parts)) {
    if (value) result.set(name, value);
    else result.delete(name);
  }
  return result;
}

/** Sets a part of an address's query; removes it if it has this value already. */
export const toggled = (query: URLSearchParams, part: string, value: string): URLSearchParams =>
  changed(query, { [part]: query.get(part) === value ? null : value });

/** What stays in the address from page to page. */
const KEPT = ["range", "from", "to", "compare"];

/** The part of the query that goes along to another page, with a question mark; empty if there is none. */
export function kept(query: URLSearchParams): string {
  const result = new URLSearchParams();
  for (const name of KEPT) {
    const value = query.get(name);
    if (value) result.set(name, value);
  }
  return result.size ? `?${result}` : "";
}

/** An order of rows: `clicks` ascending, `-clicks` descending. */
export type Sort = { column: string; descending: boolean };

export function sortOf(text: string | null): Sort | null {
  if (!text) return null;
  return text.startsWith("-") ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

export const sortText = (sort: Sort | null): string | null => sort && `${sort.descending ? "-" : ""}${sort.column}`;

/** A copy of the rows in the order of the values; rows without a value come last in both directions. */
export function sorted<Row>(rows: readonly Row[], value: (row: Row) => string | number | null | undefined, descending: boolean): Row[] {
  const turn = descending ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [value(left), value(right)];
    if (a == null || b == null) return Number(a == null) - Number(b == null);
    return turn * (typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b));
  });
}
