import type { ReactNode } from "react";

/** A value in a table that filters by itself when it is pressed, and no longer when it is pressed again. */
export function Pick({ value, onPick, picked, children }: { value: string; onPick: () => void; picked?: boolean; children?: ReactNode }) {
  return (
    <button type="button" className="pick" title={picked ? `Show all again, not only ${value}` : `Show only ${value}`} aria-pressed={picked} onClick={onPick}>
      {children ?? value}
    </button>
  );
}
