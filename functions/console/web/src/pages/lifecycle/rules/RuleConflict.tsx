import { conflicting } from "../../../core/chainConflict";
import type { ChainForm } from "../../../core/chainForm";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Differences } from "../../../ui/Differences";

type Props = {
  base: string;
  mine: ChainForm;
  /** The rule as others left it, as JSON; null if they deleted it. */
  theirs: string | null;
  onMerge: (form: ChainForm, base: string | null) => void;
  onClose: () => void;
};

/** Others have saved the rule meanwhile: what they changed, what both changed, and a way to keep both. */
export function RuleConflict({ base, mine, theirs, onMerge, onClose }: Props) {
  const found = theirs === null ? null : conflicting(base, mine, theirs);
  return (
    <Dialog title={theirs === null ? "Others have deleted this rule" : "Others have changed this rule"} isOpen onOpenChange={(open) => !open && onClose()} wide>
      {() => (
        <div className="stack">
          {found ? (
            <>
              <section className="stack-small"><h3>They changed</h3><Differences of={found.theirs} /></section>
              {found.both.length > 0 && <section className="stack-small"><h3>You both changed; yours is kept</h3><Differences of={found.both} /></section>}
            </>
          ) : (
            <p>Saving creates it again, with what you typed.</p>
          )}
          <div className="dialog-foot">
            <Button onPress={onClose}>Look at mine again</Button>
            <Button kind="primary" onPress={() => onMerge(found?.merged ?? mine, theirs)}>{found ? "Merge, then save" : "Create it again"}</Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
