import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { NAME_TEXTS, named, type Person } from "../../../core/privacy";
import { keepFocus, TypedConfirm } from "../../../ui/TypedConfirm";
import type { ErasureReceipt } from "./Receipt";

/** Erases a person, once what names them is typed. */
export function ErasePerson({ person, onDone, onClose }: { person: Person; onDone: (receipt: ErasureReceipt) => void; onClose: () => void }) {
  const handle = useHandle();
  const erase = useChange(async () => (await call("post", "/v2/handles/{handle}/privacy/erase", { path: { handle }, body: named(person) })).data);
  const act = () =>
    erase.mutate(undefined, {
      onSuccess: (receipt) => {
        onDone(receipt);
        onClose();
        keepFocus();
      },
    });
  return (
    <TypedConfirm title="Erase this person?" word={person.id} what={NAME_TEXTS[person.by].what} action="Erase" onConfirm={act} onClose={onClose} problem={erase.error} busy={erase.isPending}>
      <div className="stack-small">
        <p>From every click and conversion of the person up to now go: session, address hash, user agent, referrer, language, campaign word and metadata. The signals of the session are deleted. They cannot be restored.</p>
        <p>It is done within a day, usually within minutes, and repeated once a day for 15 days. Visits from now on are not erased, nor are reasons of adjustments, and answers of webhook receivers.</p>
      </div>
      <p className="muted small">Costs no write. The audit does not name the person.</p>
    </TypedConfirm>
  );
}
