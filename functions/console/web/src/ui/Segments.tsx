type Props<Id extends string> = { label: string; options: readonly { id: Id; name: string }[]; value: Id; onChange: (id: Id) => void };

/** One view of a few, beside each other. */
export function Segments<Id extends string>({ label, options, value, onChange }: Props<Id>) {
  return (
    <div className="segments segments-inline" role="group" aria-label={label}>
      {options.map(({ id, name }) => (
        <button key={id} type="button" className="segment" aria-pressed={id === value} data-selected={id === value || undefined} onClick={() => onChange(id)}>{name}</button>
      ))}
    </div>
  );
}
