import type { Request } from "../api/client";
import { sign } from "../core/decimal";
import type { Step } from "../core/ledger";
import { money } from "../core/money";
import { plural } from "../core/numbers";
import { Chart } from "./Chart";
import type { Column } from "./DataTable";
import css from "./Waterfall.module.css";

type Props = { steps: readonly Step[]; currency: string; requests: readonly Request[] };

/** A ledger from its value over every adjustment to its net, each bar where the one before ended. */
export function Waterfall({ steps, currency, requests }: Props) {
  const highest = Math.max(...steps.map(({ from, to }) => Math.max(Number(from), Number(to))), 0) || 1;
  const percent = (value: number): string => `${(100 * value) / highest}%`;
  const columns: Column<Step>[] = [
    { id: "entry", name: "Entry", cell: ({ name }) => <bdi>{name}</bdi> },
    { id: "amount", name: "Amount", align: "end", cell: ({ amount }) => money(amount, currency) },
    { id: "after", name: "After it", align: "end", cell: ({ to }) => money(to, currency) },
  ];
  return (
    <Chart title="Ledger" summary={summary(steps, currency)} columns={columns} rows={steps} rowKey={({ id }) => id} requests={requests}>
      <ol className={css.steps}>
        {steps.map(({ id, kind, name, note, amount, from, to }) => (
          <li key={id} className={kind === "net" ? css.last : undefined}>
            <span className={css.name}><bdi className="cut" title={name}>{name}</bdi>{note && <span className="cut muted small">by {note}</span>}</span>
            <span className={css.track}>
              <span className={`${css.bar} ${css[kind]}`} style={{ insetInlineStart: percent(Math.min(Number(from), Number(to))), width: percent(Math.abs(Number(to) - Number(from))) }} />
            </span>
            <span className={css.amount}>{kind === "up" ? "+" : ""}{money(amount, currency)}</span>
          </li>
        ))}
      </ol>
    </Chart>
  );
}

function summary(steps: readonly Step[], currency: string): string {
  const [value, net] = [steps[0], steps.at(-1)];
  if (!value || !net) return "No amounts.";
  const changes = steps.filter(({ kind }) => kind === "up" || kind === "down");
  if (!changes.length) return `Worth ${money(value.amount, currency)}, never adjusted.`;
  const refunds = changes.filter(({ amount }) => sign(amount) < 0).length;
  return `Worth ${money(value.amount, currency)}; ${plural(changes.length, "adjustment")}${refunds === changes.length ? ", all downward" : ""}; net ${money(net.amount, currency)}.`;
}
