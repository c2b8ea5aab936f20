import { Dialog } from "../../ui/Dialog";
import { KEYS } from "../keys";
import type { Shown } from "./Palette";

/** The list of what the keyboard does. */
export default function KeyboardHelp(props: Shown) {
  return (
    <Dialog title="Keyboard shortcuts" {...props} wide>
      {() => (
        <div className="keys">
          {KEYS.map(({ group, keys }) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>{keys.map(([key, name]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{name}</dd></div>)}</dl>
            </section>
          ))}
        </div>
      )}
    </Dialog>
  );
}
