import { useState } from "react";
import { useLocation } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { endpointName } from "../../../core/deliveries";
import type { Webhook } from "../../../core/webhooks";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { TextBox } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import { toast } from "../../../ui/toasts";

/** Deletes an endpoint, once its name is typed. */
export function Remove({ webhook }: { webhook: Webhook }) {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const { subscriptionId } = webhook;
  const name = endpointName(webhook);
  const remove = useChange(() => call("delete", "/v2/handles/{handle}/webhooks/{subscriptionId}", { path: { handle, subscriptionId } }));
  const submit = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        toast(`${name} is deleted.`);
        navigate(address("lifecycle/webhooks"));
      },
      onError: (problem) => toast(problem.message, "bad"),
    });
  return (
    <Card title="Delete" note="It receives nothing from then on, and what is pending is cancelled. Its past deliveries stay in the log.">
      <Dialog title={`Delete ${name}?`} trigger={<Button kind="danger" icon="trash">Delete the endpoint</Button>} onOpenChange={() => setTyped("")}>
        {(close) => (
          <form className="stack" onSubmit={(event) => { event.preventDefault(); if (typed === name) submit(); }}>
            <p>It cannot be brought back: a new endpoint has another secret. It costs one write.</p>
            <TextBox label={`Type ${name} to delete it`} value={typed} onChange={setTyped} />
            <div className="dialog-foot">
              <Button onPress={close}>Keep it</Button>
              <Button type="submit" kind="danger" isDisabled={typed !== name || remove.isPending}>Delete</Button>
            </div>
          </form>
        )}
      </Dialog>
    </Card>
  );
}
