import { useSyncExternalStore } from "react";
import { IconButton } from "./Button";
import { dismiss, listen, shown } from "./toasts";

/** The messages at the bottom right. */
export function Toasts() {
  const notes = useSyncExternalStore(listen, shown);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {notes.map(({ id, text, kind }) => (
        <div key={id} className={`toast toast-${kind}`}>
          <span>{text}</span>
          <IconButton icon="close" label="Dismiss" onPress={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
