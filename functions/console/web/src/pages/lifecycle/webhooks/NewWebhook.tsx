import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { webhookBody, webhookForm, WEBHOOK_FIELDS, type WebhookForm } from "../../../core/webhooks";
import { Button, ButtonLink } from "../../../ui/Button";
import { Form, useDraft } from "../../../ui/form";
import { Page } from "../../../ui/Page";
import { Secret } from "./Secret";
import { WebhookFields } from "./WebhookFields";

/** Creates an endpoint; its secret is shown once, then its page, where a test can be sent. */
export default function NewWebhook() {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const initial = useMemo(() => webhookForm(null), []);
  const draft = useDraft<WebhookForm>(`${handle}/webhooks/new`, initial);
  const form = draft.value;
  const set = (parts: Partial<WebhookForm>) => draft.set({ ...form, ...parts });
  const [made, setMade] = useState<{ id: string; secret: string } | null>(null);
  // The secret is kept in this component alone: what a change returns would stay in the cache.
  const create = useChange(async () => {
    const { data } = await call("post", "/v2/handles/{handle}/webhooks", { path: { handle }, body: webhookBody(form) });
    setMade({ id: data.subscriptionId, secret: data.secret });
  });
  const submit = () => create.mutate(undefined, { onSuccess: draft.discard });
  const stored = () => {
    if (made) navigate(address(`lifecycle/webhooks/${made.id}`));
    setMade(null);
  };
  const none = !form.all && form.eventTypes.length === 0;
  return (
    <Page
      title="New endpoint"
      note="Creating costs one write."
      actions={
        <>
          <ButtonLink href={address("lifecycle/webhooks")}>Cancel</ButtonLink>
          <Button kind="primary" onPress={submit} isDisabled={create.isPending || made !== null || none || !form.endpointUrl.trim()}>Create endpoint</Button>
        </>
      }
    >
      {draft.restored && <p className="alert"><span>What you typed before is restored.</span><Button size="small" onPress={draft.discard}>Start over</Button></p>}
      <Form problem={create.error} shown={WEBHOOK_FIELDS} onSubmit={submit}>
        {(fault) => (
          <>
            <WebhookFields form={form} set={set} fault={fault} />
            <button type="submit" className="hidden" tabIndex={-1} aria-hidden="true">Submit</button>
          </>
        )}
      </Form>
      {made && <Secret secret={made.secret} title="The endpoint is created" onStored={stored} />}
    </Page>
  );
}
