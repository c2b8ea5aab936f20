import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import type { People } from "../../../core/people";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Choice } from "../../../ui/Choice";
import { toast } from "../../../ui/toasts";
import { keepFocus, TypedConfirm } from "../../../ui/TypedConfirm";

/** Makes a collaborator the owner, once the handle is typed. */
export function Transfer({ people, onClose }: { people: People; onClose: () => void }) {
  const handle = useHandle();
  const [to, setTo] = useState<string | null>(null);
  const transfer = useChange((newOwnerUserId: string) => call("post", "/v2/handles/{handle}/transfer-ownership", { path: { handle }, body: { newOwnerUserId } }));
  if (!people.collaborators.length) {
    return (
      <Dialog title="Transfer ownership" isOpen onOpenChange={(open) => !open && onClose()}>
        {() => (
          <div className="stack">
            <p>A handle is transferred to one of its collaborators, and there are none. Add the person first.</p>
            <div className="dialog-foot"><Button onPress={onClose}>Close</Button></div>
          </div>
        )}
      </Dialog>
    );
  }
  const act = () =>
    to &&
    transfer.mutate(to, {
      onSuccess: () => {
        toast(`${to} owns ${handle} now. You are an OPERATOR of it.`);
        onClose();
        keepFocus();
      },
    });
  return (
    <TypedConfirm title={`Transfer ${handle}?`} word={handle} what="the handle" action="Transfer" onConfirm={act} onClose={onClose} problem={transfer.error} busy={transfer.isPending || !to}>
      <p>The new owner decides who works on it, and its writes count for the new owner's account and plan. You become an OPERATOR. Only the new owner can give it back.</p>
      <Choice label="New owner" options={people.collaborators.map(({ userId, role }) => ({ id: userId, name: userId, note: role }))} value={to} onChange={setTo} />
      <p className="muted small">Costs one write of your account.</p>
    </TypedConfirm>
  );
}
