import { useZone } from "../../../app/context";
import { useGet } from "../../../api/use";
import { differences, merge } from "../../../core/diff";
import { formOf, type LinkForm } from "../../../core/linkForm";
import type { Link } from "../../../core/links";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Differences } from "../../../ui/Differences";
import { Loaded } from "../../../ui/states";

type Props = {
  base: Link;
  mine: LinkForm;
  /** Goes on with the merged form, on top of their version. */
  onMerge: (form: LinkForm, link: Link, etag: string | null) => void;
  onClose: () => void;
};

/** Others have saved meanwhile: what they changed, what both changed, and a way to keep both. */
export function Conflict({ base, mine, onMerge, onClose }: Props) {
  const zone = useZone();
  const current = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug: base.slug } });
  return (
    <Dialog title="Others have changed this link" isOpen onOpenChange={(open) => !open && onClose()} wide>
      {() => (
        <Loaded of={current}>
          {(theirs) => {
            const [before, after] = [formOf(base, "", zone), formOf(theirs, "", zone)];
            const { merged, conflicts } = merge(before, mine, after);
            return (
              <div className="stack">
                <section className="stack-small">
                  <h3>They changed, since version {base.version}</h3>
                  <Differences of={differences(before, after)} />
                </section>
                {conflicts.length > 0 && (
                  <section className="stack-small">
                    <h3>You both changed; yours is kept</h3>
                    <Differences of={conflicts} />
                  </section>
                )}
                <div className="dialog-foot">
                  <Button onPress={onClose}>Look at mine again</Button>
                  <Button kind="primary" onPress={() => onMerge(merged, theirs, current.etag)} isDisabled={theirs.version === base.version}>Merge, then save</Button>
                </div>
              </div>
            );
          }}
        </Loaded>
      )}
    </Dialog>
  );
}
