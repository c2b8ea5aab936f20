import { useState } from "react";
import { useAddress, useHandle } from "../../../app/context";
import { call, type Answer, type Request } from "../../../api/client";
import { useChange } from "../../../api/use";
import { typedAmount, type Campaign } from "../../../core/campaigns";
import { exactNumber } from "../../../core/decimal";
import { money } from "../../../core/money";
import { notCredited } from "../../../core/why";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button, ButtonLink } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { Card } from "../../../ui/Page";

type Receipt = Answer<"/v2/handles/{handle}/campaigns/{campaignId}/test-conversion", "post">;

/** Tries the whole chain with a conversion that counts in no figure. */
export function TestConversion({ campaign }: { campaign: Campaign }) {
  const handle = useHandle();
  const address = useAddress();
  const [value, setValue] = useState("49");
  const [currency, setCurrency] = useState(campaign.currency ?? "USD");
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const amount = typedAmount(value);
  const path = { handle, campaignId: campaign.campaignId };
  const body = amount ? { value: exactNumber(amount), currency: currency.trim().toUpperCase() } : {};
  const request: Request = { verb: "post", address: `/v2/handles/${handle}/campaigns/${campaign.campaignId}/test-conversion`, body };
  const test = useChange(async () => (await call("post", "/v2/handles/{handle}/campaigns/{campaignId}/test-conversion", { path, body })).data);
  const submit = () => {
    if (amount !== false) test.mutate(undefined, { onSuccess: setReceipt });
  };
  return (
    <Card title="Test conversion" note="Goes the way of a real one, and counts in no figure." actions={<ApiRequest requests={[request]} />}>
      <div className="stack">
        <Form problem={test.error} shown={["value", "currency"]} onSubmit={submit} faults={amount === false ? [{ field: "value", message: "An amount, such as 49.90." }] : []}>
          {(fault) => (
            <>
              <div className="form-row">
                <TextBox label="Value" value={value} onChange={setValue} {...fault("value")} />
                <TextBox label="Currency" value={currency} onChange={setCurrency} {...fault("currency")} />
              </div>
              <div className="form-foot">
                <Button type="submit" kind="primary" icon="send" isDisabled={test.isPending || !campaign.primarySlug}>Send a test</Button>
                <span className="muted small">{campaign.primarySlug ? "Costs one write. Webhooks get conversion.tested." : "It needs a primary link."}</span>
              </div>
            </>
          )}
        </Form>
        {receipt && (
          <div className={`alert ${receipt.notCredited ? "alert-warn" : "alert-good"}`} role="status">
            <span>
              <strong>Accepted{receipt.value != null ? `: ${money(receipt.value, receipt.currency)}` : ""}.</strong>{" "}
              {receipt.notCredited ? `A real one would not be credited now: ${notCredited(receipt.notCredited)}.` : "A real one would be credited to this campaign."}
            </span>
            <ButtonLink size="small" href={address(`attribution/conversions/${receipt.conversionId}`)}>Explain it</ButtonLink>
          </div>
        )}
      </div>
    </Card>
  );
}
