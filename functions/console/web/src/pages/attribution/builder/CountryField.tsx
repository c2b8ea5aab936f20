import { useState } from "react";
import { countryCode, countryName } from "../../../core/countries";
import { TextBox } from "../../../ui/fields";

type Props = { /** A code; empty for none. */ value: string; onChange: (code: string) => void };

/** A country by its name or its two letters. */
export function CountryField({ value, onChange }: Props) {
  const [typed, setTyped] = useState(value);
  const code = countryCode(typed) ?? "";
  // Another country was chosen elsewhere meanwhile.
  const text = code === value ? typed : value;
  const help = value ? countryName(value) : text ? "Not a country yet." : "A name or two letters.";
  return (
    <TextBox
      label="Country" placeholder="Germany" value={text} help={help}
      onChange={(next) => {
        setTyped(next);
        onChange(countryCode(next) ?? "");
      }}
    />
  );
}
