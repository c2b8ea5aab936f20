import { useEffect, useRef, useState, type ReactNode } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";

/** A search field that changes the address once typing pauses. `/` puts the cursor into it. */
export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const last = useRef(value);
  useEffect(() => {
    if (value !== last.current) {
      last.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === last.current) return;
    const timer = setTimeout(() => {
      last.current = text;
      onChange(text);
    }, 250);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  return (
    <div className="search" role="search" aria-label={label}>
      <Icon name="search" />
      <input className="input" type="search" aria-label={label} placeholder={label} value={text} onChange={(event) => setText(event.target.value)} data-search />
    </div>
  );
}

export type Chip = { id: string; text: string; remove: () => void };

/** What is filtered by; each chip is removed by a press. */
export function Chips({ chips, clear }: { chips: readonly Chip[]; clear: () => void }) {
  if (!chips.length) return null;
  return (
    <ul className="chips" aria-label="Filters">
      {chips.map(({ id, text, remove }) => (
        <li key={id}>
          <button type="button" className="chip" onClick={remove} aria-label={`Remove the filter ${text}`}>{text}<Icon name="close" size={12} /></button>
        </li>
      ))}
      <li><Button size="small" kind="quiet" onPress={clear}>Clear filters</Button></li>
    </ul>
  );
}

/** The row of controls above a table. */
export function Toolbar({ children }: { children: ReactNode }) {
  return <div className="toolbar">{children}</div>;
}
