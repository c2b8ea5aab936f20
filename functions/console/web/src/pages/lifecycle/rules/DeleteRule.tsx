import type { UseMutationResult } from "@tanstack/react-query";
import type { Problem } from "../../../api/problem";
import { Button, IconButton } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Failed } from "../../../ui/states";

type Props = { ruleId: string; remove: UseMutationResult<unknown, Problem, string>; onDone: () => void };

/** Asks before a rule is deleted. */
export function DeleteRule({ ruleId, remove, onDone }: Props) {
  return (
    <Dialog title={`Delete ${ruleId}?`} trigger={<IconButton icon="trash" label={`Delete ${ruleId}`} />}>
      {(close) => (
        <div className="stack">
          <p>At its trigger, the next rule that matches decides. Pages may reuse this rule's decisions until they expire.</p>
          {remove.error && <Failed problem={remove.error} />}
          <div className="dialog-foot">
            <span className="muted small grow">Costs one write.</span>
            <Button onPress={close}>Keep it</Button>
            <Button kind="danger" isDisabled={remove.isPending} onPress={() => remove.mutate(ruleId, { onSuccess: () => { close(); onDone(); } })}>Delete</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
