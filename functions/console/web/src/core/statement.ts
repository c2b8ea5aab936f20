import type { Schema } from "../api/client";
import { csvText } from "./csv";
import { add, decimal, sign, type Decimal } from "./decimal";
import type { Range } from "./range";

type Totals = Schema["Totals"];

/** The cells of one line of CSV (RFC 4180). */
function cells(line: string): string[] {
  const found: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) found.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
  return found;
}

/** The records of CSV text; line ends inside quotes belong to a cell. */
function records(text: string): string[][] {
  const lines: string[] = [];
  let line = "";
  for (const part of text.split("\r\n")) {
    line = line ? `${line}\r\n${part}` : part;
    if ((line.split('"').length - 1) % 2 === 0) {
      if (line) lines.push(line);
      line = "";
    }
  }
  return lines.map(cells);
}

export type LedgerSums = { conversions: number; adjustments: number; byCurrency: Map<string, Decimal>; confirmed: Map<string, Decimal> };

/** What the rows of an export of conversions add up to, by currency. */
export function ledgerSums(csv: string): LedgerSums {
  const [header = [], ...rows] = records(csv);
  const at = (name: string): number => header.indexOf(name);
  const [kind, amount, currency, trust] = [at("kind"), at("amount"), at("currency"), at("trust")];
  const sums: LedgerSums = { conversions: 0, adjustments: 0, byCurrency: new Map(), confirmed: new Map() };
  for (const row of rows) {
    if (row[kind] === "CONVERSION") sums.conversions += 1;
    else sums.adjustments += 1;
    const value = decimal(row[amount] ?? "");
    const unit = row[currency];
    if (!value || !unit) continue;
    const into = (map: Map<string, Decimal>): unknown => map.set(unit, add(map.get(unit) ?? ("0" as Decimal), value));
    into(sums.byCurrency);
    if (row[trust] === "confirmed") into(sums.confirmed);
  }
  return sums;
}

const equal = (left: Decimal, right: Decimal): boolean => sign(add(left, (sign(right) < 0 ? right.slice(1) : `-${right}`) as Decimal)) === 0;

/** The currencies in which the rows and the report differ; none if every amount is the same to its last digit. */
export function differences(sums: LedgerSums, totals: Pick<Totals, "revenueByCurrency">): string[] {
  const zero = "0" as Decimal;
  const currencies = new Set([...sums.byCurrency.keys(), ...Object.keys(totals.revenueByCurrency)]);
  return [...currencies].filter((currency) => !equal(sums.byCurrency.get(currency) ?? zero, totals.revenueByCurrency[currency] ?? zero));
}

export type Statement = {
  handle: string;
  campaignId: string;
  range: Pick<Range, "from" | "to">;
  totals: Totals;
  confidence: number;
  penalties: readonly Schema["PenaltyView"][];
  sums: LedgerSums;
  rows: number;
  file: string;
  sha256: string;
  frozenAt: string;
};

/** A statement of a partner for a range: the figures, what they rest on, and the digest of the rows that prove them. */
export function statementText(statement: Statement): string {
  const { totals, range, sums } = statement;
  const amounts = Object.entries(totals.revenueByCurrency).map(([currency, amount]): [string, string] => [`revenue_${currency}`, amount]);
  const lines: [string, string][] = [
    ["handle", statement.handle],
    ["campaign", statement.campaignId],
    ["from", range.from],
    ["to", range.to],
    ["clicks", String(totals.clicks)],
    ["bot_clicks", String(totals.botClicks)],
    ["qualified_clicks", String(totals.qualifiedClicks)],
    ["conversions", String(totals.conversions)],
    ["adjustments", String(sums.adjustments)],
    ...amounts,
    [`confirmed_${totals.currency}`, totals.revenueConfirmed],
    ["confidence", String(statement.confidence)],
    ["penalties", statement.penalties.map(({ code, points }) => `${code} -${points}`).join("; ")],
    ["rows", String(statement.rows)],
    ["rows_file", statement.file],
    ["rows_sha256", statement.sha256],
    ["frozen_at", statement.frozenAt],
  ];
  return csvText([["figure", "value"], ...lines]);
}
