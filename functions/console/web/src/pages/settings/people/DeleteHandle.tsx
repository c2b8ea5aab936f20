import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { toast } from "../../../ui/toasts";
import { TypedConfirm } from "../../../ui/TypedConfirm";

/** Deletes the handle, once it is typed. The page that says so, and restores it, follows by itself. */
export function DeleteHandle({ onClose }: { onClose: () => void }) {
  const handle = useHandle();
  const remove = useChange(() => call("delete", "/v2/handles/{handle}", { path: { handle }, body: { confirm: handle } }));
  const act = () => remove.mutate(undefined, { onSuccess: () => toast(`${handle} is deleted.`) });
  return (
    <TypedConfirm title={`Delete ${handle}?`} word={handle} what="the handle" action="Delete" onConfirm={act} onClose={onClose} problem={remove.error} busy={remove.isPending}>
      <p>Its links, tokens and webhooks stop at once, for everyone who works on it. For 30 days you can restore it with everything it had; then all of it but the totals of each day is erased. No other account can take its name.</p>
      <p className="muted small">Costs no write.</p>
    </TypedConfirm>
  );
}
