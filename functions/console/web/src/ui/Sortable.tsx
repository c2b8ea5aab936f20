import { useState, type DragEvent, type KeyboardEvent, type ReactNode } from "react";
import { moved } from "../core/rules";
import { Icon } from "./Icon";

type Props<T> = { label: string; items: readonly T[]; keyOf: (item: T) => string; name: (index: number) => string; onChange: (items: T[]) => void; children: (item: T, index: number) => ReactNode };

/** A list whose items are moved by dragging their handle, or by Alt with the arrows; moves are read out. */
export function Sortable<T>({ label, items, keyOf, name, onChange, children }: Props<T>) {
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [said, setSaid] = useState("");
  const move = (from: number, to: number) => {
    if (to < 0 || to >= items.length || from === to) return;
    onChange(moved(items, from, to));
    setSaid(`${name(from)} is now at place ${to + 1} of ${items.length}.`);
  };
  const press = (event: KeyboardEvent, index: number) => {
    const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (!step) return;
    event.preventDefault();
    move(index, index + step);
  };
  const end = () => {
    setDragged(null);
    setOver(null);
  };
  const drop = (event: DragEvent, index: number) => {
    event.preventDefault();
    if (dragged !== null) move(dragged, index);
    end();
  };
  return (
    <>
      <ol className="rules" aria-label={label}>
        {items.map((item, index) => (
          <li
            key={keyOf(item)}
            className={`rule${dragged === index ? " rule-dragged" : ""}${over === index && dragged !== null ? (dragged < index ? " rule-after" : " rule-before") : ""}`}
            draggable={dragged === index}
            onKeyDown={(event) => press(event, index)}
            onDragStart={(event) => event.dataTransfer.setData("text/plain", name(index))}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(index);
            }}
            onDrop={(event) => drop(event, index)}
            onDragEnd={end}
          >
            <button
              type="button" className="button button-quiet button-icon grip" aria-label={`Move ${name(index)}: drag, or Alt with the arrow keys`}
              aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown" onPointerDown={() => setDragged(index)} onPointerUp={end}
            >
              <Icon name="grip" />
            </button>
            {children(item, index)}
          </li>
        ))}
      </ol>
      <p className="hidden" role="status">{said}</p>
    </>
  );
}
