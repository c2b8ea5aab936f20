import type { UseMutationResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Button, IconButton } from "./Button";
import { Dialog } from "./Dialog";
import { Failed } from "./states";
import { toast } from "./toasts";

type Props = { ruleId: string; remove: UseMutationResult<unknown, Problem, string>; /** What happens once it is deleted. */ children: ReactNode };

/** Asks before a rule is deleted. */
export function DeleteRule({ ruleId, remove, children }: Props) {
  return (
    <Dialog title={`Delete ${ruleId}?`} trigger={<IconButton icon="trash" label={`Delete ${ruleId}`} />}>
      {(close) => (
        <div className="stack">
          <p>{children}</p>
          {remove.error && <Failed problem={remove.error} />}
          <div className="dialog-foot">
            <span className="muted small grow">Costs one write.</span>
            <Button onPress={close}>Keep it</Button>
            <Button kind="danger" isDisabled={remove.isPending} onPress={() => remove.mutate(ruleId, { onSuccess: () => { close(); toast(`${ruleId} is deleted.`); } })}>Delete</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
