import type { Decimal } from "../core/decimal";
import { byCurrency, money } from "../core/money";

/** Amounts by currency in one cell: the largest, and how many more there are; all of them in the tooltip. */
export function Revenue({ of }: { of: Readonly<Record<string, Decimal>> }) {
  const [main, ...others] = byCurrency(of);
  if (!main) return <span className="muted">–</span>;
  const all = [main, ...others].map(([currency, amount]) => money(amount, currency)).join(", ");
  return (
    <span title={all}>
      {money(main[1], main[0])}
      {others.length > 0 && <span className="muted small"> +{others.length}<span className="hidden">: {all}</span></span>}
    </span>
  );
}
