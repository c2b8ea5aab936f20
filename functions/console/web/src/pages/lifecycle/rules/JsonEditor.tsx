import { useRef } from "react";
import { FieldError, Label, Text, TextArea, TextField } from "react-aria-components";
import type { Fault } from "../../../api/problem";
import { jsonFaultText, type JsonFault } from "../../../core/jsonText";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import css from "./rules.module.css";

type Props = { text: string; onChange: (text: string) => void; fault: JsonFault | null; faults: readonly Fault[] };

/** The rule as JSON, as the API takes it: what is typed here changes the form, and the other way round. */
export function JsonEditor({ text, onChange, fault, faults }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const go = () => {
    if (!fault) return;
    area.current?.focus();
    area.current?.setSelectionRange(fault.at, Math.min(fault.at + 1, text.length));
  };
  const wrong = fault !== null || faults.length > 0;
  return (
    <Card title="As JSON" note="The body of the API request; it follows the form, and the form follows it.">
      <TextField value={text} onChange={onChange} isInvalid={wrong} validationBehavior="aria" className="field">
        <Label className="hidden">The rule as JSON</Label>
        <TextArea ref={area} className={`input ${css.json}`} rows={22} spellCheck={false} autoComplete="off" />
        {!wrong && <Text slot="description" className="field-help">Valid.</Text>}
        {wrong && (
          <FieldError className="field-error">
            {fault && jsonFaultText(fault)}
            {faults.map(({ field, message }) => <span key={field + message}><code>{field || "the rule"}</code>: {message} </span>)}
          </FieldError>
        )}
      </TextField>
      {fault && <Button size="small" onPress={go}>Go to line {fault.line}</Button>}
    </Card>
  );
}
