import { useState } from "react";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { differences } from "../../../core/diff";
import { webhookChange, webhookForm, WEBHOOK_FIELDS, type Webhook, type WebhookForm } from "../../../core/webhooks";
import { Button, ButtonLink } from "../../../ui/Button";
import { Differences } from "../../../ui/Differences";
import { Toggle } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { toast } from "../../../ui/toasts";
import { Remove } from "./Remove";
import { Rotate } from "./Rotate";
import { WebhookFields } from "./WebhookFields";

/** How an endpoint is set, its secret, and its end. */
export function SettingsTab({ webhook }: { webhook: Webhook }) {
  return (
    <div className="stack">
      <Settings webhook={webhook} />
      <div className="grid-2">
        <Rotate webhook={webhook} />
        <Remove webhook={webhook} />
      </div>
    </div>
  );
}

/** Edits what was read first. Only what was changed is sent; what others changed meanwhile is shown. */
function Settings({ webhook }: { webhook: Webhook }) {
  const handle = useHandle();
  const { subscriptionId } = webhook;
  const [base, setBase] = useState(webhook);
  const [form, setForm] = useState<WebhookForm>(() => webhookForm(webhook));
  const [enabled, setEnabled] = useState(false);
  const set = (parts: Partial<WebhookForm>) => setForm({ ...form, ...parts });
  const change = webhookChange(form, webhookForm(base));
  const unchanged = Object.keys(change).length === 0;
  const take = (next: Webhook) => {
    setBase(next);
    setForm(webhookForm(next));
  };
  // What was saved is taken over at once: what is typed while everything is read again stays.
  const save = useChange(async () => {
    const { data: saved } = await call("put", "/v2/handles/{handle}/webhooks/{subscriptionId}", { path: { handle, subscriptionId }, body: change });
    take(saved);
    setEnabled(saved.enabled && (enabled || !base.enabled));
    toast("Saved.");
  });
  const submit = () => save.mutate(undefined);
  const theirs = differences(webhookForm(base), webhookForm(webhook));
  return (
    <Form problem={save.error} shown={WEBHOOK_FIELDS} onSubmit={submit}>
      {(fault) => (
        <>
          {theirs.length > 0 && !save.isPending && (
            <div className="alert alert-warn">
              <div className="stack-small"><strong>It was changed meanwhile. Saving keeps these changes, unless you changed the same.</strong><Differences of={theirs} /></div>
              <Button size="small" onPress={() => take(webhook)}>Start over from it</Button>
            </div>
          )}
          {enabled && <Enabled subscriptionId={subscriptionId} />}
          <WebhookFields form={form} set={set} fault={fault}>
            <Toggle
              label="Enabled" value={form.enabled} onChange={(enabled) => set({ enabled })} {...fault("enabled")}
              help={form.enabled ? "Enabling it, or a new address, also clears the failures that were counted." : "It receives nothing, and what is pending is cancelled. Replay it afterwards."}
            />
            <div className="form-foot">
              <Button type="submit" kind="primary" isDisabled={unchanged || save.isPending}>Save</Button>
              {!unchanged && <Button onPress={() => take(webhook)}>Discard</Button>}
              <span className="muted small">{isPause(change) ? "To disable costs no write." : "Saving costs one write."}</span>
            </div>
          </WebhookFields>
        </>
      )}
    </Form>
  );
}

/** What to do once an endpoint is enabled again. */
function Enabled({ subscriptionId }: { subscriptionId: string }) {
  const address = useAddress();
  return (
    <div className="alert alert-good" role="status">
      <span><strong>It receives events again.</strong> Send it a test, then replay what it has missed.</span>
      <span className="row">
        <ButtonLink size="small" icon="send" href={address(`lifecycle/webhooks/${subscriptionId}`)}>To the test</ButtonLink>
        <ButtonLink size="small" icon="undo" href={address(`lifecycle/replay?endpoint=${subscriptionId}`)}>Replay what it missed</ButtonLink>
      </span>
    </div>
  );
}

const isPause = (change: object): boolean => JSON.stringify(change) === '{"enabled":false}';
