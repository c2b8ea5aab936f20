import { useState } from "react";
import { remember, remembered } from "../../../core/device";
import type { Visitor } from "../../../core/preview";
import { isKnown, MAX_VISITORS, sameVisitor, visitorsOf, withVisitor, type SavedVisitor } from "../../../core/visitors";
import { Button, IconButton } from "../../../ui/Button";
import { Popup } from "../../../ui/Dialog";
import { TextBox } from "../../../ui/fields";

/** Visitors under names, kept in this browser: pressing one asks what happens to that visitor. */
export function SavedVisitors({ visitor, onChange }: { visitor: Visitor; onChange: (visitor: Visitor) => void }) {
  const [saved, setSaved] = useState(() => visitorsOf(remembered("visitors")));
  const store = (next: SavedVisitor[]) => {
    setSaved(next);
    remember("visitors", next.length ? JSON.stringify(next) : null);
  };
  if (!saved.length && !isKnown(visitor)) return null;
  return (
    <div className="saved-visitors" role="group" aria-label="Saved visitors">
      {saved.map(({ name, visitor: own }) => (
        <button key={name} type="button" className="chip" aria-pressed={sameVisitor(own, visitor)} onClick={() => onChange(own)}>{name}</button>
      ))}
      {isKnown(visitor) && !saved.some(({ visitor: own }) => sameVisitor(own, visitor)) && <Save onSave={(name) => store(withVisitor(saved, { name, visitor }))} />}
      {saved.length > 0 && (
        <Popup label="Saved visitors" trigger={<Button kind="quiet" size="small">Remove</Button>}>
          {() => (
            <ul className="stack-small">
              {saved.map(({ name }) => (
                <li key={name} className="between">{name} <IconButton icon="trash" label={`Remove ${name}`} onPress={() => store(saved.filter((other) => other.name !== name))} /></li>
              ))}
            </ul>
          )}
        </Popup>
      )}
    </div>
  );
}

function Save({ onSave }: { onSave: (name: string) => void }) {
  const [name, setName] = useState("");
  return (
    <Popup label="Save this visitor" trigger={<Button kind="quiet" size="small" icon="plus">Save this visitor</Button>}>
      {(close) => (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            // React hands it on to the form of the link, in which this one is written.
            event.stopPropagation();
            if (!name.trim()) return;
            onSave(name.trim().slice(0, 40));
            close();
          }}
        >
          <TextBox label="Name" placeholder="Mobile in Germany" value={name} onChange={setName} help={`Kept in this browser, at most ${MAX_VISITORS}.`} />
          <Button type="submit" kind="primary" isDisabled={!name.trim()}>Save</Button>
        </form>
      )}
    </Popup>
  );
}
