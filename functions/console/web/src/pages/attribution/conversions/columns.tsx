import { type Conversion, foot, stateOf } from "../../../core/conversions";
import { sign, type Decimal } from "../../../core/decimal";
import { byCurrency, money } from "../../../core/money";
import { instant, relative } from "../../../core/time";
import type { Column } from "../../../ui/DataTable";
import { Pick } from "../../../ui/Pick";
import css from "./conversions.module.css";

type Options = {
  items: readonly Conversion[];
  zone: string;
  now: number;
  /** Filters by a value that is pressed; without it the values are plain. */
  pick?: (part: string, value: string) => void;
  /** Whether every row belongs to one campaign. */
  ofCampaign?: boolean;
};

/** The columns of the ledger view; sums by currency are at the foot. */
export function conversionColumns({ items, zone, now, pick, ofCampaign }: Options): Column<Conversion>[] {
  const totals = foot(items);
  const filter = (part: string, value: string) => (pick ? <Pick value={value} onPick={() => pick(part, value)} /> : <span>{value}</span>);
  return [
    {
      id: "when", name: "Accepted", sort: ({ acceptedAt }) => acceptedAt, total: "Sum of rows",
      cell: ({ acceptedAt }) => <time dateTime={acceptedAt} title={instant(acceptedAt, zone)}>{relative(acceptedAt, now)}</time>,
    },
    { id: "event", name: "Event", sort: ({ eventType }) => eventType, cell: ({ eventType }) => eventType },
    { id: "link", name: "Link", sort: ({ slug }) => slug, cell: ({ slug }) => filter("slug", slug) },
    ...(ofCampaign ? [] : [{ id: "campaign", name: "Campaign", sort: ({ campaignId }: Conversion) => campaignId, cell: ({ campaignId }: Conversion) => (campaignId ? filter("campaign", campaignId) : <span className="muted">none</span>) }]),
    { id: "trust", name: "Trust", sort: ({ trust }) => trust, cell: ({ trust }) => <span className={`tag ${trust === "confirmed" ? "tag-good" : ""}`}>{trust}</span> },
    { id: "state", name: "State", sort: (item) => stateOf(item).name, cell: (item) => <StateTag item={item} /> },
    { id: "value", name: "Value", align: "end", sort: ({ value }) => (value == null ? null : Number(value)), cell: ({ value, currency }) => money(value, currency), total: <Sums of={totals.value} /> },
    {
      id: "adjusted", name: "Adjusted", align: "end", sort: ({ adjusted }) => (adjusted == null ? null : Number(adjusted)), total: <Sums of={totals.adjusted} />,
      cell: ({ adjusted, currency }) => (adjusted && sign(adjusted) !== 0 ? <span className={sign(adjusted) < 0 ? css.down : css.up}>{money(adjusted, currency)}</span> : <span className="muted">–</span>),
    },
    { id: "net", name: "Net", align: "end", sort: ({ netValue }) => (netValue == null ? null : Number(netValue)), cell: ({ netValue, currency }) => <strong>{money(netValue, currency)}</strong>, total: <Sums of={totals.net} /> },
  ];
}

/** Amounts below each other: currencies are never added. */
export function Sums({ of }: { of: ReadonlyMap<string, Decimal> }) {
  const found = byCurrency(Object.fromEntries(of));
  if (!found.length) return <>–</>;
  return <span className={css.sums}>{found.map(([currency, amount]) => <span key={currency}>{money(amount, currency)}</span>)}</span>;
}

export function StateTag({ item }: { item: Conversion }) {
  const { name, tag, text } = stateOf(item);
  return <span className={`tag ${tag}`} title={text}>{name}</span>;
}
