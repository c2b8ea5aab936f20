import { isDay, type Day } from "./time";

export const TYPES = ["conversions", "clicks", "daily"] as const;
export type ExportType = (typeof TYPES)[number];
export const FORMATS = ["csv", "json"] as const;
export type ExportFormat = (typeof FORMATS)[number];

/** What is exported: the parameters of the API, all but the cursor. */
export type ExportQuery = { type: ExportType; format: ExportFormat; from: Day; to: Day; campaignId?: string; slug?: string };

/** A page as it arrived: its text, whether it begins with the names of the columns, and where the next one begins. */
export type ExportPage = { text: string; hasHeader: boolean; next: string | null };

const one = <T extends string>(all: readonly T[], text: string | null): T | undefined => all.find((value) => value === text);

/** What the address asks for, with the days of the range. */
export function exportQuery(query: URLSearchParams, range: { from: Day; to: Day }): ExportQuery {
  const campaignId = query.get("campaign");
  const slug = query.get("slug");
  return {
    type: one(TYPES, query.get("type")) ?? "conversions",
    format: one(FORMATS, query.get("format")) ?? "csv",
    from: isDay(range.from) ? range.from : range.to,
    to: range.to,
    ...(campaignId ? { campaignId } : {}),
    ...(slug ? { slug } : {}),
  };
}

/** The name of the file, with everything it was selected by. */
export function fileName(handle: string, { type, format, from, to, campaignId, slug }: ExportQuery): string {
  return `${[handle, type, campaignId, slug, from, to].filter(Boolean).join("-")}.${format}`;
}

/** How many rows a text of CSV has; line ends inside quotes belong to a cell. */
export function csvRows(text: string, hasHeader: boolean): number {
  let [rows, quoted] = [0, false];
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    else if (letter === "\n" && !quoted) rows += 1;
  }
  return Math.max(0, hasHeader ? rows - 1 : rows);
}

/** The items of a page of JSON, each exactly as it was written: no digit of an amount changes. */
export function rawItems(page: string): string[] {
  const start = page.indexOf('"items":[');
  if (start < 0) return [];
  const items: string[] = [];
  let [depth, quoted, begin] = [0, false, start + 9];
  for (let at = begin; at < page.length; at++) {
    const letter = page[at];
    if (quoted) {
      if (letter === "\\") at += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "{" || letter === "[") depth += 1;
    else if (letter === "," && depth === 0) {
      items.push(page.slice(begin, at));
      begin = at + 1;
    } else if (letter === "}" || letter === "]") {
      if (depth === 0) {
        if (at > begin) items.push(page.slice(begin, at));
        return items;
      }
      depth -= 1;
    }
  }
  return items;
}

/** Puts pages together as one file: CSV with one header, JSON as one array. The same bytes as `cargo dev export` writes. */
export class ExportFile {
  rows = 0;
  pages = 0;
  readonly parts: string[] = [];

  constructor(readonly format: ExportFormat) {}

  add({ text, hasHeader }: ExportPage): void {
    this.pages += 1;
    if (this.format === "csv") {
      this.parts.push(text);
      this.rows += csvRows(text, hasHeader);
      return;
    }
    for (const item of rawItems(text)) {
      this.parts.push(this.rows === 0 ? "[\n" : ",\n", item);
      this.rows += 1;
    }
  }

  /** All parts of the complete file. */
  finished(): string[] {
    if (this.format === "csv") return this.parts;
    return [...this.parts, this.rows === 0 ? "[]\n" : "\n]\n"];
  }
}

/** A page of an export is fetched by its cursor. `link` of the API says the same. */
export const pageQuery = (query: ExportQuery, cursor: string | null): Record<string, string> => ({ ...query, ...(cursor ? { cursor } : {}) });

/** About how many rows an export has, from the totals of the same days and campaign; adjustments and confirmations are rows too, so that of conversions it is the least. */
export function estimate(type: ExportType, totals: { clicks: number; conversions: number }, days: number): { rows: number; atLeast: boolean } {
  if (type === "daily") return { rows: days, atLeast: false };
  return type === "clicks" ? { rows: totals.clicks, atLeast: false } : { rows: Math.max(0, totals.conversions), atLeast: true };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A shell script that reads the same pages: CSV into one file, JSON into one file a page. */
export function script(url: string, file: string, format: ExportFormat): string {
  const out = format === "csv" ? `>> ${quoted(file)}` : `-o ${quoted(file.replace(/\.json$/, ""))}-$((page += 1)).json`;
  return [
    `url=${quoted(url)} cursor= page=0`,
    "while :; do",
    `  curl -fsS -D headers.txt "$url\${cursor:+&cursor=$cursor}" -H "authorization: Bearer $TOKEN" ${out} || break`,
    "  cursor=$(tr -d '\\r' < headers.txt | sed -n 's/^x-next-cursor: //p')",
    '  [ -n "$cursor" ] || break',
    "done",
  ].join("\n");
}

/** The command of a checkout that writes the same file from a data directory; null where it cannot select the same rows. */
export function devCommand(handle: string, { type, format, from, to, campaignId, slug }: ExportQuery, file: string): string | null {
  if (slug) return null;
  const campaign = campaignId ? ` --campaign ${campaignId}` : "";
  return `cargo dev export --handle ${handle} --type ${type} --format ${format} --from ${from} --to ${to}${campaign} --out ${quoted(file)}`;
}
