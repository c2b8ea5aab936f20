import { useRef } from "react";
import type { Fault } from "../../../api/problem";
import { NAME } from "../../../core/chain";
import { faultOf } from "../../../core/faults";
import { freshSignal, MAX_SIGNALS, type Invented } from "../../../core/tester";
import { agoText } from "../../../core/timeline";
import { Button, IconButton } from "../../../ui/Button";
import { TextBox } from "../../../ui/fields";
import { Empty } from "../../../ui/states";
import { Axis, Knob } from "./Knob";
import css from "./timeline.module.css";

type Props = { signals: readonly Invented[]; onChange: (signals: Invented[]) => void; faults: readonly Fault[] };

/** Invented signals: what each is, and when. */
export function SignalRows({ signals, onChange, faults }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const add = useRef<HTMLDivElement>(null);
  const set = (index: number, parts: Partial<Invented>) => onChange(signals.map((signal, at) => (at === index ? { ...signal, ...parts } : signal)));
  const remove = (index: number) => {
    onChange(signals.filter((_, at) => at !== index));
    // The focus goes to the signal before, or to the button that adds one.
    const knobs = list.current?.querySelectorAll<HTMLElement>("[role=slider]");
    (knobs?.[index === 0 ? 1 : index - 1] ?? add.current?.querySelector<HTMLElement>("button"))?.focus();
  };
  return (
    <div className={css.line}>
      {signals.length ? (
        <>
          <Axis />
          <ol ref={list} aria-label="Invented signals" className={css.line}>
            {signals.map((signal, index) => (
              <SignalRow key={signal.id} signal={signal} number={index + 1} set={(parts) => set(index, parts)} remove={() => remove(index)} faults={faults} path={`signals[${index}]`} />
            ))}
          </ol>
        </>
      ) : (
        <Empty title="No invented signals">Add one and move it in time; the answers follow.</Empty>
      )}
      <div className="row" ref={add}>
        <Button size="small" icon="plus" onPress={() => onChange([...signals, freshSignal(signals)])} isDisabled={signals.length >= MAX_SIGNALS}>Add a signal</Button>
        {signals.length > 0 && <span className="muted small">Drag a point, or use the arrow keys; Page up and Page down go from mark to mark, Delete removes it.</span>}
      </div>
    </div>
  );
}

type RowProps = { signal: Invented; number: number; set: (parts: Partial<Invented>) => void; remove: () => void; faults: readonly Fault[]; path: string };

function SignalRow({ signal, number, set, remove, faults, path }: RowProps) {
  const { key, value, confidence, ago } = signal;
  const error = (name: string): { error?: string } => {
    const found = faultOf(faults, `${path}.${name}`);
    return found ? { error: found } : {};
  };
  const name = key || `signal ${number}`;
  return (
    <li className={css.row}>
      <div className={css.fields}>
        <TextBox label={`Signal ${number}`} value={key} onChange={(text) => set({ key: text })} {...error("signalKey")} {...(key && !NAME.test(key) ? { error: "Letters, digits, _ . : and - only." } : {})} />
        <TextBox label="Value" value={value} onChange={(text) => set({ value: text })} {...error("signalValue")} />
        <TextBox label="Confidence" placeholder="1" value={confidence} onChange={(text) => set({ confidence: text })} {...error("confidence")} />
        <IconButton icon="trash" label={`Remove signal ${number}`} onPress={remove} />
      </div>
      <Knob name={name} ago={ago} onMove={(next) => set({ ago: next })} onRemove={remove} />
      <p className={css.place} data-ago={ago}><span>30 days before</span><strong>{agoText(ago)}</strong><span>the decision</span></p>
    </li>
  );
}
