import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { agoAt, agoText, MARKS, MAX_AGO, placeOf, stepped, toMark } from "../../../core/timeline";
import css from "./timeline.module.css";

type Props = { name: string; ago: number; onMove: (ago: number) => void; onRemove: () => void };

const percent = (place: number): string => `${100 * place}%`;

/** A signal on its line: moved in time by dragging, or by the arrow keys, with Page up and Page down from mark to mark. */
export function Knob({ name, ago, onMove, onRemove }: Props) {
  const track = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState(false);
  const press = (event: KeyboardEvent) => {
    const next = {
      ArrowLeft: () => stepped(ago, "earlier"), ArrowDown: () => stepped(ago, "earlier"),
      ArrowRight: () => stepped(ago, "later"), ArrowUp: () => stepped(ago, "later"),
      PageDown: () => toMark(ago, "earlier"), PageUp: () => toMark(ago, "later"),
      Home: () => MAX_AGO, End: () => 0,
    }[event.key];
    if (event.key === "Delete") onRemove();
    else if (next) onMove(next());
    else return;
    event.preventDefault();
  };
  const drag = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    if (box?.width) onMove(agoAt((event.clientX - box.left) / box.width));
  };
  return (
    <div
      ref={track} className={css.track}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setHeld(true);
        drag(event);
      }}
      onPointerMove={(event) => held && drag(event)}
      onPointerUp={() => setHeld(false)} onPointerCancel={() => setHeld(false)}
    >
      <Ticks />
      <div
        role="slider" tabIndex={0} className={`${css.knob} ${held ? css.held : ""}`} style={{ insetInlineStart: percent(placeOf(ago)) }}
        aria-label={`When ${name} was sent`} aria-valuemin={-MAX_AGO} aria-valuemax={0} aria-valuenow={-ago} aria-valuetext={agoText(ago)} aria-keyshortcuts="Delete"
        onKeyDown={press}
      />
    </div>
  );
}

/** The marks of a line. */
export function Ticks() {
  return <>{MARKS.map(({ ago }) => <span key={ago} className={css.tick} style={{ insetInlineStart: percent(placeOf(ago)) }} aria-hidden="true" />)}</>;
}

/** The names of the marks. */
export function Axis() {
  return <div className={css.axis} aria-hidden="true">{MARKS.map(({ ago, name }) => <span key={ago} style={{ insetInlineStart: percent(placeOf(ago)) }}>{name}</span>)}</div>;
}
