import { useCallback, useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import type { Fault, Problem } from "../api/problem";
import { faultOf, unplaced } from "../core/faults";
import { Failed } from "./states";

/** A draft that outlives the page: sign-in, an outage or a reload lose nothing. It ends with the tab. */
export function useDraft<T>(key: string, initial: T): { value: T; set: (value: T) => void; restored: boolean; discard: () => void } {
  const name = `draft:${key}`;
  const [start] = useState(() => {
    const stored = sessionStorage.getItem(name);
    return { value: stored ? (JSON.parse(stored) as T) : initial, restored: stored !== null };
  });
  const [value, setValue] = useState(start.value);
  const [restored, setRestored] = useState(start.restored);
  const set = useCallback((next: T) => {
    setValue(next);
    sessionStorage.setItem(name, JSON.stringify(next));
  }, [name]);
  const discard = useCallback(() => {
    sessionStorage.removeItem(name);
    setRestored(false);
    setValue(initial);
  }, [name, initial]);
  return { value, set, restored, discard };
}

export type FormFaults = (field: string) => { name: string; error?: string };

type Props = {
  problem: Problem | null;
  /** The names of the fields it shows, as the API names them. */
  shown: readonly string[];
  onSubmit: () => void;
  children: (fault: FormFaults) => ReactNode;
  className?: string;
  id?: string;
  /** Faults found before sending. */
  faults?: readonly Fault[];
};

/** A form: what the API refuses is shown at its field, the first one gets the focus, the rest is shown above. ⌘S sends it. */
export function Form({ problem, shown, onSubmit, children, className, id, faults = [] }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const all = [...faults, ...(problem?.fields ?? [])];
  const fault: FormFaults = (field) => {
    const error = faultOf(all, field);
    return error ? { name: field, error } : { name: field };
  };
  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid] button, [role=alert]")?.focus();
  }, [problem]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  const rest = unplaced(all, shown);
  return (
    <form ref={form} id={id} className={className ?? "form"} onSubmit={submit} noValidate data-form>
      {problem && (problem.fields.length === 0 || rest.length > 0) && <Failed problem={problem} />}
      {rest.length > 0 && <ul className="alert alert-bad">{rest.map(({ field, message }) => <li key={field}><code>{field}</code>: {message}</li>)}</ul>}
      {children(fault)}
    </form>
  );
}
