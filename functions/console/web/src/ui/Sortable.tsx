import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { moved } from "../core/rules";
import { Icon } from "./Icon";

type Props<T> = { label: string; items: readonly T[]; keyOf: (item: T) => string; name: (index: number) => string; onChange: (items: T[]) => void; children: (item: T, index: number) => ReactNode };

/** A list whose items are moved by dragging their handle, with mouse, pen or finger, or by Alt with the arrows; moves are read out. */
export function Sortable<T>({ label, items, keyOf, name, onChange, children }: Props<T>) {
  const list = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [said, setSaid] = useState("");
  const move = (from: number, to: number) => {
    if (to < 0 || to >= items.length || from === to) return;
    onChange(moved(items, from, to));
    setSaid(`${name(from)} is now at place ${to + 1} of ${items.length}.`);
  };
  const press = (event: KeyboardEvent, index: number) => {
    const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
    if (event.key === "Escape") setDrag(null);
    if (!step) return;
    event.preventDefault();
    move(index, index + step);
  };
  /** The item under the pointer; the first or the last one beyond the list. */
  const under = (y: number): number => {
    const below = [...(list.current?.children ?? [])].findIndex((item) => y < item.getBoundingClientRect().bottom);
    return below < 0 ? items.length - 1 : below;
  };
  const grab = (event: PointerEvent<HTMLElement>, from: number) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ from, to: from });
  };
  const drop = () => {
    if (drag) move(drag.from, drag.to);
    setDrag(null);
  };
  const look = (index: number): string => {
    if (drag?.from === index) return "rule rule-dragged";
    if (drag?.to !== index) return "rule";
    return drag.from < index ? "rule rule-after" : "rule rule-before";
  };
  return (
    <>
      <ol className="rules" aria-label={label} ref={list}>
        {items.map((item, index) => (
          <li key={keyOf(item)} className={look(index)} onKeyDown={(event) => press(event, index)}>
            <button
              type="button"
              className="button button-quiet button-icon grip"
              aria-label={`Move ${name(index)}: drag, or Alt with the arrow keys`}
              aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
              onPointerDown={(event) => grab(event, index)}
              onPointerMove={(event) => drag && setDrag({ from: drag.from, to: under(event.clientY) })}
              onPointerUp={drop}
              onPointerCancel={() => setDrag(null)}
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
