import type { Payout } from "../../../core/campaigns";
import { PAYABLE_FROM } from "../../../core/confidence";
import type { Decimal } from "../../../core/decimal";
import { byCurrency, money } from "../../../core/money";
import { plural } from "../../../core/numbers";
import { Figure, Figures } from "../../../ui/Figure";
import css from "./campaigns.module.css";

/** What can be paid and what is on hold, by currency. */
export function PayoutFigures({ payout }: { payout: Payout }) {
  return (
    <Figures>
      <Amount label="Payable revenue" amounts={payout.payableAmounts} note={`${plural(payout.payable, "campaign")} with a confidence of ${PAYABLE_FROM} or more`} />
      <Amount
        label="On hold" amounts={payout.heldAmounts}
        note={payout.held ? `${plural(payout.held, "campaign")} below ${PAYABLE_FROM}: examine before paying` : "no campaign is below 50"}
      />
    </Figures>
  );
}

function Amount({ label, amounts, note }: { label: string; amounts: ReadonlyMap<string, Decimal>; note: string }) {
  const found = byCurrency(Object.fromEntries(amounts)).sort(([a], [b]) => a.localeCompare(b));
  const value = found.length ? <span className={css.amounts}>{found.map(([currency, amount]) => <span key={currency}>{money(amount, currency)}</span>)}</span> : "–";
  return <Figure label={label} value={value} note={note} />;
}
