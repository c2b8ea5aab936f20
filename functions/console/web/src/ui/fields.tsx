import { useId, type ReactNode } from "react";
import { Checkbox as AriaCheckbox, FieldError, Input, Label, Switch as AriaSwitch, Text, TextArea, TextField } from "react-aria-components";
import { Icon } from "./Icon";

export type Common = { label: string; error?: string; help?: ReactNode; name?: string; isDisabled?: boolean; hideLabel?: boolean };
type TextProps = Common & {
  value: string;
  onChange: (value: string) => void;
  multiline?: boolean;
  type?: "text" | "url" | "password" | "number" | "datetime-local" | "search" | "date" | "time";
  placeholder?: string;
  /** Shown before or after the text, such as a fixed part of an address. */
  before?: ReactNode;
  after?: ReactNode;
  isRequired?: boolean;
  onBlur?: () => void;
  /** Has the focus when it appears, as the one field of a dialog. */
  autoFocus?: boolean;
};

/** A text field with its name above, help below, and the error in place of the help. */
export function TextBox(props: TextProps) {
  const { label, error, help, multiline, before, after, type = "text", placeholder, hideLabel, isRequired, ...rest } = props;
  return (
    <TextField {...rest} isInvalid={Boolean(error)} className="field" validationBehavior="aria" aria-label={hideLabel ? label : undefined} {...(isRequired ? { isRequired } : {})}>
      {!hideLabel && <Label className="field-label">{label}</Label>}
      <div className="field-box">
        {before && <span className="field-before">{before}</span>}
        {multiline ? <TextArea className="input" rows={3} placeholder={placeholder} /> : <Input className="input" type={type} placeholder={placeholder} />}
        {after && <span className="field-after">{after}</span>}
      </div>
      {help && !error && <Text slot="description" className="field-help">{help}</Text>}
      {error && <FieldError className="field-error">{error}</FieldError>}
    </TextField>
  );
}

/** On or off, at once. */
export function Toggle({ label, help, value, onChange, ...rest }: Common & { value: boolean; onChange: (value: boolean) => void }) {
  const id = useId();
  return (
    <div className="field">
      <AriaSwitch {...rest} className="switch" isSelected={value} onChange={onChange} aria-describedby={help ? id : undefined}>
        <span className="switch-track" aria-hidden="true" />
        {label}
      </AriaSwitch>
      {help && <span id={id} className="field-help">{help}</span>}
    </div>
  );
}

/** One of several that may hold together. */
export function Check({ label, value, onChange, hideLabel, ...rest }: Common & { value: boolean; onChange: (value: boolean) => void }) {
  return (
    <AriaCheckbox {...rest} className="check" isSelected={value} onChange={onChange} aria-label={hideLabel ? label : undefined}>
      <span className="check-box" aria-hidden="true"><Icon name="check" size={12} /></span>
      {!hideLabel && label}
    </AriaCheckbox>
  );
}
