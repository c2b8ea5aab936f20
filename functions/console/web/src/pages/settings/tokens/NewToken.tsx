import { useState } from "react";
import { useHandle, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { call, type Request } from "../../../api/client";
import { useChange } from "../../../api/use";
import { endOf, LIVES, type Life, type Scope } from "../../../core/scopes";
import { fromLocal, instant } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { ScopeMatrix } from "./ScopeMatrix";
import { Secret, type Shown } from "./Secret";

/** Makes a token, then shows its secret: once, until it is said to be stored. */
export function NewToken() {
  const [open, setOpen] = useState(false);
  // Here alone, and only until the dialog is answered: neither the cache of answers nor the browser's storage has it.
  const [shown, setShown] = useState<Shown | null>(null);
  const close = () => {
    setShown(null);
    setOpen(false);
  };
  return (
    <>
      <Button kind="primary" icon="plus" onPress={() => setOpen(true)}>New token</Button>
      {open && !shown && (
        <Dialog title="New token" isOpen onOpenChange={(on) => !on && close()} wide>
          {() => <TokenForm onMade={setShown} onCancel={close} />}
        </Dialog>
      )}
      {shown && <Secret of={shown} onStored={close} />}
    </>
  );
}

function TokenForm({ onMade, onCancel }: { onMade: (shown: Shown) => void; onCancel: () => void }) {
  const handle = useHandle();
  const zone = useZone();
  const now = useNow();
  const [name, setName] = useState("");
  const [life, setLife] = useState<Life>("90");
  const [until, setUntil] = useState("");
  const [scopes, setScopes] = useState<Scope[]>([]);
  const expiresAt = endOf(life, fromLocal(until, zone), now);
  const body = { ...(name.trim() ? { name: name.trim() } : {}), scopes, ...(expiresAt ? { expiresAt } : {}) };
  const request: Request = { verb: "post", address: `/v2/handles/${handle}/tokens`, body };
  // The answer is handed on and not returned: what a change returns is kept for some minutes.
  const make = useChange(async () => {
    const { data } = await call("post", "/v2/handles/{handle}/tokens", { path: { handle }, body });
    onMade({ token: data.token, tokenId: data.tokenId, name: data.name ?? null, scopes: data.scopes });
  });
  const ready = scopes.length > 0 && (life !== "date" || expiresAt !== null);
  return (
    <Form problem={make.error} shown={["name", "scopes", "expiresAt"]} onSubmit={() => ready && make.mutate(undefined)}>
      {(fault) => (
        <>
          <TextBox label="Name" placeholder="nightly import" value={name} onChange={setName} help="What it is for. It is what you type to revoke it." autoFocus {...fault("name")} />
          <div className="form-row">
            <Choice label="Expires" options={LIVES} value={life} onChange={setLife} />
            {life === "date" && <TextBox label="At" type="datetime-local" value={until} onChange={setUntil} help={`In ${zone}`} {...fault("expiresAt")} />}
          </div>
          <p className="muted small">{expiresAt ? `It is refused from ${instant(expiresAt, zone)} on.` : life === "never" ? "It works until it is revoked." : "Choose when it ends."}</p>
          <ScopeMatrix value={scopes} onChange={setScopes} {...only(fault("scopes"))} />
          <div className="dialog-foot">
            <span className="muted small grow">{scopes.length ? "Costs one write." : "Choose at least one scope."}</span>
            <ApiRequest requests={[request]} />
            <Button onPress={onCancel}>Cancel</Button>
            <Button type="submit" kind="primary" isDisabled={!ready || make.isPending}>Create</Button>
          </div>
        </>
      )}
    </Form>
  );
}

const only = ({ error }: { error?: string }): { error?: string } => (error ? { error } : {});
