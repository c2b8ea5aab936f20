import { Dialog } from "../ui/Dialog";
import { KEYS } from "./keys";

export function KeyboardHelp(props: { isOpen: boolean; onOpenChange: (open: boolean) => void }) {
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
