import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call, type Schema } from "../../../api/client";
import { useChange } from "../../../api/use";
import { tokenIdOf, tokenName, type Token } from "../../../core/scopes";
import { Button } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { Locked } from "../../../ui/Locked";
import { Card } from "../../../ui/Page";
import { toast } from "../../../ui/toasts";
import { keepFocus, TypedConfirm } from "../../../ui/TypedConfirm";

function useRevoke() {
  const handle = useHandle();
  return useChange((tokenId: string) => call("delete", "/v2/handles/{handle}/tokens/{tokenId}", { path: { handle, tokenId } }));
}

/** Revokes a token once its name is typed. */
export function Revoke({ token, onClose }: { token: Token; onClose: () => void }) {
  const name = tokenName(token);
  const revoke = useRevoke();
  const confirm = () =>
    revoke.mutate(token.tokenId, {
      onSuccess: () => {
        toast(`${name} is revoked.`);
        onClose();
        keepFocus();
      },
    });
  return (
    <TypedConfirm title={`Revoke ${name}?`} word={name} what="the name of the token" action="Revoke" onConfirm={confirm} onClose={onClose} problem={revoke.error} busy={revoke.isPending}>
      <p>The next request with it is refused, and it cannot be brought back. This costs no write.</p>
    </TypedConfirm>
  );
}

/** For a plan without tokens: which one has them, and the way to revoke one from before. */
export function LockedTokens({ plan }: { plan: Schema["Plan"] }) {
  const [text, setText] = useState("");
  const revoke = useRevoke();
  const id = tokenIdOf(text);
  const submit = () => {
    if (!id) return;
    revoke.mutate(id, {
      onSuccess: () => {
        setText("");
        toast("The token is revoked.");
      },
    });
  };
  return (
    <>
      <Locked title="Access tokens" plan="PRO" present={plan}>With a token, programs create links, report confirmed conversions and read reports.</Locked>
      <Card title="Revoke a token" note="Every plan can: a token from before is refused, and a lost one should be revoked.">
        <Form problem={revoke.error} shown={["tokenId"]} onSubmit={submit}>
          {(fault) => (
            <>
              <TextBox label="Token id" placeholder="V1StGXR8Z5jdHi6B" value={text} onChange={(typed) => setText(tokenIdOf(typed) ?? typed)} help="The 16 characters between patv1_ and the dot. Leave the secret part out." {...fault("tokenId")} {...(text && !id ? { error: "16 letters and digits." } : {})} />
              <div className="form-foot"><Button type="submit" kind="danger" isDisabled={!id || revoke.isPending}>Revoke</Button></div>
            </>
          )}
        </Form>
      </Card>
    </>
  );
}
