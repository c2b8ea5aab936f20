import { add, decimal, sign, type Decimal } from "./decimal";

const ZERO = "0" as Decimal;

// Formatters are costly to make and are the same for every amount of a currency.
const formats = new Map<string, Intl.NumberFormat>();

function format(currency: string, compact: boolean): Intl.NumberFormat {
  const key = `${currency}${compact}`;
  const known = formats.get(key);
  if (known) return known;
  const options: Intl.NumberFormatOptions = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  const made = new Intl.NumberFormat("en", compact ? { ...options, notation: "compact", maximumFractionDigits: 1 } : options);
  formats.set(key, made);
  return made;
}

/** An amount to its last digit, such as `€24.90`; Intl reads the text, so that no digit is rounded. */
export function money(amount: Decimal | null | undefined, currency: string | null | undefined): string {
  if (amount == null || currency == null) return "–";
  // Intl.NumberFormat takes text since ES2023; TypeScript knows only its numeric form of template types.
  const digits = amount.split(".")[1]?.length ?? 0;
  const base = format(currency, false);
  const needed = Math.max(base.resolvedOptions().maximumFractionDigits ?? 2, digits);
  if (digits <= (base.resolvedOptions().maximumFractionDigits ?? 2)) return base.format(amount as `${number}`);
  return new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: needed })
    .format(amount as `${number}`);
}

/** How many decimals a currency has: 0 of JPY, 3 of KWD. */
export const decimalsOf = (currency: string): number => format(currency, false).resolvedOptions().maximumFractionDigits ?? 2;

/** An amount for a figure or an axis: from 10,000 on short, such as `€12.3K`. */
export function shortMoney(amount: Decimal, currency: string): string {
  return Math.abs(Number(amount)) < 10_000 ? money(amount, currency) : format(currency, true).format(amount as `${number}`);
}

/** Sums by currency; amounts of different currencies are never added. */
export function sums(rows: readonly { amount: Decimal | null | undefined; currency: string | null | undefined }[]): Map<string, Decimal> {
  const totals = new Map<string, Decimal>();
  for (const { amount, currency } of rows) {
    if (amount != null && currency != null) totals.set(currency, add(totals.get(currency) ?? ZERO, amount));
  }
  return totals;
}

/** The currencies of a report with their amounts, the largest first, those without any left out. */
export function byCurrency(amounts: Readonly<Record<string, Decimal>>): [string, Decimal][] {
  const found = Object.entries(amounts).filter(([, amount]) => sign(amount) !== 0);
  // In minor units, so that yen are not first only because they are small.
  const size = ([currency, amount]: [string, Decimal]): number => Math.abs(Number(amount)) * 10 ** (format(currency, false).resolvedOptions().maximumFractionDigits ?? 2);
  return found.sort((a, b) => size(b) - size(a));
}

/** What a person typed as an amount: digits with at most `places` decimals; null if it is none. */
export function amountOf(text: string, places = 4): Decimal | null {
  const value = decimal(text.trim().replace(",", "."));
  return value && (value.split(".")[1]?.length ?? 0) <= places ? value : null;
}
