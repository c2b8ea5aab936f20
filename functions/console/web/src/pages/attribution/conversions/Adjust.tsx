import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call, type Request } from "../../../api/client";
import { useChange } from "../../../api/use";
import { typedAmount } from "../../../core/campaigns";
import { add, exactNumber, type Decimal } from "../../../core/decimal";
import { adjustmentKey, amountFault, fullRefund } from "../../../core/ledger";
import { decimalsOf, money } from "../../../core/money";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { Card } from "../../../ui/Page";
import { toast } from "../../../ui/toasts";

type Props = { conversionId: string; present: Decimal; currency: string };

/** Appends a refund or a correction. The key is made once, so that sending it again adjusts once. */
export function Adjust({ conversionId, present, currency }: Props) {
  const handle = useHandle();
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(() => adjustmentKey(Date.now()));
  const [tried, setTried] = useState(false);
  const amount = typedAmount(typed);
  const fault = amountFault(amount || null, decimalsOf(currency), present);
  const words = { format: "An amount, such as -5.25 for a refund.", zero: "Not 0.", places: `${currency} has ${decimalsOf(currency)} decimals.`, below: `At most ${money(present, currency)} is left to refund.` };
  const body = { amount: amount && !fault ? exactNumber(amount) : 0, reason: reason.trim(), idempotencyKey: key.trim() };
  const request: Request = { verb: "post", address: `/v2/handles/${handle}/conversions/${conversionId}/adjustments`, body };
  const send = useChange(async () =>
    (await call("post", "/v2/handles/{handle}/conversions/{conversionId}/adjustments", { path: { handle, conversionId }, body })).data,
  );
  const submit = () => {
    setTried(true);
    if (fault || !reason.trim() || !key.trim()) return;
    send.mutate(undefined, {
      onSuccess: (receipt) => toast(receipt.deduped ? `This key was used before: nothing changed. Net ${money(receipt.netValue, currency)}.` : `Adjusted. Net ${money(receipt.netValue, currency)}.`),
    });
  };
  const faults = [
    ...(tried || (fault && fault !== "format") ? (fault ? [{ field: "amount", message: words[fault] }] : []) : []),
    ...(tried && !reason.trim() ? [{ field: "reason", message: "Why, for those who read the ledger later." }] : []),
    ...(tried && !key.trim() ? [{ field: "idempotencyKey", message: "A name of this adjustment, such as the refund's number." }] : []),
  ];
  return (
    <Card title="Adjust" note="Nothing is changed: an entry is appended, and counts on today's date." actions={<ApiRequest requests={[request]} />}>
      <Form problem={send.error} shown={["amount", "reason", "idempotencyKey"]} onSubmit={submit} faults={faults}>
        {(of) => (
          <>
            <div className="row row-end">
              <div className="grow">
                <TextBox label={`Amount in ${currency}`} placeholder="-5.25" value={typed} onChange={setTyped} help="Negative for a refund." {...of("amount")} />
              </div>
              <Button onPress={() => setTyped(fullRefund(present))}>Refund all</Button>
            </div>
            <TextBox label="Reason" placeholder="Partial refund, one item returned" value={reason} onChange={setReason} {...of("reason")} />
            <TextBox label="Key" value={key} onChange={setKey} help="Sent twice, it adjusts once. Use the refund's number if there is one." {...of("idempotencyKey")} />
            <div className="form-foot">
              <Button type="submit" kind="primary" isDisabled={send.isPending}>Append</Button>
              <span className="muted" role="status">{amount && !fault ? `Net then ${money(add(present, amount), currency)}. Costs one write.` : `Net now ${money(present, currency)}.`}</span>
            </div>
          </>
        )}
      </Form>
    </Card>
  );
}
