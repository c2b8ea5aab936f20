import { useState } from "react";
import { countryCode, countryName } from "../../../core/countries";
import type { Conditions } from "../../../core/linkForm";
import { DEVICES, KINDS, valuesOf, WEEKDAYS, type Kind } from "../../../core/rules";
import { Check, TextBox } from "../../../ui/fields";

type Props = { kind: Kind; conditions: Conditions; onChange: (conditions: Conditions) => void };

/** The field of one condition. */
export function ConditionField({ kind, conditions, onChange }: Props) {
  if (kind === "timeBetween") return <TimeSpan conditions={conditions} onChange={onChange} />;
  if (kind === "percent") return <Share conditions={conditions} onChange={onChange} />;
  const set = (values: string[]) => onChange({ ...conditions, [kind]: values });
  const values = valuesOf(conditions, kind);
  const label = KINDS.find(({ id }) => id === kind)?.name ?? kind;
  if (kind === "deviceIn") return <Boxes label={label} all={DEVICES} chosen={values} onChange={set} />;
  if (kind === "weekdayIn") return <Boxes label={label} all={WEEKDAYS} chosen={values.map((day) => day.slice(0, 3))} onChange={set} />;
  return <Words label={label} values={values} onChange={set} countries={kind === "countryIn"} />;
}

function Boxes({ label, all, chosen, onChange }: { label: string; all: readonly string[]; chosen: readonly string[]; onChange: (values: string[]) => void }) {
  const has = (value: string): boolean => chosen.some((other) => other.toUpperCase() === value);
  return (
    <fieldset className="boxes">
      <legend className="field-label">{label}</legend>
      {all.map((value) => (
        <Check key={value} label={value.slice(0, 1) + value.slice(1).toLowerCase()} value={has(value)} onChange={(on) => onChange(all.filter((other) => (other === value ? on : has(other))))} />
      ))}
    </fieldset>
  );
}

function Words({ label, values, onChange, countries }: { label: string; values: readonly string[]; onChange: (values: string[]) => void; countries: boolean }) {
  const [text, setText] = useState(values.join(", "));
  const named = values.map(countryName).join(", ");
  return (
    <TextBox
      label={label} value={text} help={countries ? named || "Names or two letters with commas between them, such as Germany, AT." : "With commas between them; any of them."}
      onChange={(typed) => {
        setText(typed);
        const words = typed.split(",").map((word) => word.trim()).filter(Boolean);
        onChange(countries ? words.map((word) => countryCode(word) ?? word.toUpperCase()) : words);
      }}
    />
  );
}

function TimeSpan({ conditions, onChange }: Omit<Props, "kind">) {
  const span = conditions.timeBetween ?? { from: "09:00", to: "17:00" };
  const set = (parts: Partial<typeof span>) => onChange({ ...conditions, timeBetween: { ...span, ...parts } });
  return (
    <div className="form-row">
      <TextBox label="From" type="time" value={span.from} onChange={(from) => set({ from })} />
      <TextBox label="To" type="time" value={span.to} onChange={(to) => set({ to })} help="Not included." />
      <TextBox label="Time zone" placeholder="UTC" value={span.timeZone ?? ""} onChange={(timeZone) => set({ timeZone: timeZone || null })} />
    </div>
  );
}

function Share({ conditions, onChange }: Omit<Props, "kind">) {
  const share = conditions.percent ?? { from: 0, to: 50 };
  const [from, setFrom] = useState(String(share.from));
  const [to, setTo] = useState(String(share.to));
  const set = (first: string, last: string) => {
    setFrom(first);
    setTo(last);
    onChange({ ...conditions, percent: { from: Number(first) || 0, to: Number(last) || 0 } });
  };
  return (
    <div className="form-row">
      <TextBox label="Share from" after="%" value={from} onChange={(value) => set(value, to)} />
      <TextBox label="To" after="%" value={to} onChange={(value) => set(from, value)} help="The same visitor always gets the same part." />
    </div>
  );
}
