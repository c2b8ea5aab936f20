import { useState, type KeyboardEvent } from "react";
import { TextBox } from "./fields";
import { Button } from "./Button";
import { Icon } from "./Icon";
import css from "./Values.module.css";

type Props = {
  label: string;
  values: readonly string[];
  onChange: (values: string[]) => void;
  help?: string;
  placeholder?: string;
  error?: string;
  name?: string;
  /** Why a value cannot be added; null if it can. */
  refuse?: (value: string) => string | null;
  /** Values to choose from. */
  offered?: readonly string[];
};

/** Several texts, each added with Enter and removed by a press: any text can be one, with commas and spaces too. */
export function Values({ label, values, onChange, help, placeholder, error, name, refuse, offered = [] }: Props) {
  const [text, setText] = useState("");
  const wrong = text === "" ? null : (refuse?.(text) ?? null);
  const add = (value: string) => {
    if (value === "" || refuse?.(value)) return;
    if (!values.includes(value)) onChange([...values, value]);
    setText("");
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || text === "") return;
    // Not the form's: it would be sent.
    event.preventDefault();
    add(text);
  };
  const fault = error ?? wrong;
  return (
    <div className={css.box}>
      <div className={css.entry} onKeyDown={press}>
        <TextBox label={label} value={text} onChange={setText} onBlur={() => add(text)} {...(placeholder ? { placeholder } : {})} {...(help ? { help } : {})} {...(name ? { name } : {})} {...(fault ? { error: fault } : {})} />
        <Button size="small" onPress={() => add(text)} isDisabled={text === "" || wrong !== null} aria-label={`Add to ${label}`}>Add</Button>
      </div>
      {values.length > 0 && (
        <ul className={css.values} aria-label={label}>
          {values.map((value) => (
            <li key={value}>
              <button type="button" className={`chip ${css.value}`} onClick={() => onChange(values.filter((other) => other !== value))} aria-label={`Remove ${value}`}>
                <bdi>{value}</bdi><Icon name="close" size={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {offered.some((value) => !values.includes(value)) && (
        <p className={`${css.values} muted small`}>
          Known:{" "}
          {offered.filter((value) => !values.includes(value)).map((value) => (
            <button key={value} type="button" className={css.offer} onClick={() => add(value)} aria-label={`Add ${value}`}>{value}</button>
          ))}
        </p>
      )}
    </div>
  );
}
