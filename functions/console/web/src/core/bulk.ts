import type { Body, Schema } from "../api/client";
import { SLUG } from "./links";

/** A link to be created: as it was typed, and what became of it. */
export type BulkRow = {
  /** Its line in the pasted text, from 1 on. */
  line: number;
  slug: string;
  destination: string;
  /** Whether the slug was chosen here, so that it is not expected to exist. */
  random: boolean;
  outcome: Outcome | null;
};

export type Outcome = { kind: "created" | "replaced"; shortUrl: string } | { kind: "failed"; message: string };
export type BulkBody = Body<"/v2/handles/{handle}/links:batch", "post">;

/** A request takes so many links and bytes. */
const MAX_LINKS = 100;
const MAX_BYTES = 60_000;
/** More lines are not taken at once. */
export const MAX_LINES = 500;

/** The links that lines of text name: `destination`, or `slug destination`. Lines without a slug get one. */
export function parseLines(text: string, slug: () => string): BulkRow[] {
  return text.split(/\r?\n/).flatMap((raw, index): BulkRow[] => {
    const line = raw.trim();
    if (!line) return [];
    const of = { line: index + 1, outcome: null };
    if (/^https?:\/\//i.test(line)) return [{ ...of, slug: slug(), destination: line, random: true }];
    const [, first = line, rest = ""] = /^([^\s,;]+)[\s,;]+(.*)$/.exec(line) ?? [];
    return [{ ...of, slug: first, destination: rest.trim(), random: false }];
  });
}

/** The rows that are still to be sent. */
export const unsent = (rows: readonly BulkRow[]): BulkRow[] => rows.filter(({ outcome }) => outcome === null || outcome.kind === "failed");

/** What can be seen to be wrong with a row before it is sent; null if nothing. */
export function rowFault(row: BulkRow, rows: readonly BulkRow[]): { field: "slug" | "destination"; message: string } | null {
  if (!SLUG.test(row.slug)) return { field: "slug", message: "4 to 24 letters, digits, - or _." };
  if (rows.some((other) => other !== row && other.slug === row.slug)) return { field: "slug", message: "Another line has this slug." };
  if (!/^https?:\/\/\S+$/i.test(row.destination)) return { field: "destination", message: "An address that begins with https://, without spaces." };
  return null;
}

/** The rows in groups that one request takes: by number and by size. */
export function batches(rows: readonly BulkRow[], shared: { tags?: string[]; campaignId?: string } = {}): { rows: BulkRow[]; body: BulkBody }[] {
  const groups: { rows: BulkRow[]; links: BulkBody["links"]; bytes: number }[] = [];
  for (const row of rows) {
    const link = { slug: row.slug, destinationUrl: row.destination, ...shared };
    const bytes = new TextEncoder().encode(JSON.stringify(link)).length + 1;
    let last = groups.at(-1);
    if (!last || last.rows.length === MAX_LINKS || last.bytes + bytes > MAX_BYTES) {
      last = { rows: [], links: [], bytes: 0 };
      groups.push(last);
    }
    last.rows.push(row);
    last.links.push(link as unknown as BulkBody["links"][number]);
    last.bytes += bytes;
  }
  return groups.map((group) => ({ rows: group.rows, body: { links: group.links } }));
}

/** What became of a link, by the API's answer to it. */
export function outcomeOf({ status, link, error }: Schema["BatchResult"]): Outcome {
  if (link) return { kind: status === 201 ? "created" : "replaced", shortUrl: link.shortUrl };
  const fields = error?.fields?.map(({ field, message }) => `${field}: ${message}`) ?? [];
  return { kind: "failed", message: fields.join(" ") || (error?.message ?? `The server answered ${status}.`) };
}
