import { useState } from "react";
import type { Conditions, RuleForm } from "../../../core/linkForm";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { TextBox } from "../../../ui/fields";
import { ConditionsEditor } from "./ConditionsEditor";

type Props = { rule: RuleForm; onStore: (rule: RuleForm) => void; onClose: () => void };

/** One rule: who, and where to. It becomes a part of the link's form; nothing is saved yet. */
export function RuleDialog({ rule, onStore, onClose }: Props) {
  const [destinationUrl, setDestination] = useState(rule.destinationUrl);
  const [conditions, setConditions] = useState<Conditions>(rule.conditions);
  const valid = /^https?:\/\/\S+$/i.test(destinationUrl.trim());
  return (
    <Dialog title="Rule" isOpen onOpenChange={(open) => !open && onClose()} wide>
      {() => (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            // React hands it on to the form of the link, in which this dialog is written.
            event.stopPropagation();
            if (valid) onStore({ id: rule.id, destinationUrl: destinationUrl.trim(), conditions });
          }}
        >
          <ConditionsEditor conditions={conditions} onChange={setConditions} />
          <TextBox label="Goes to" type="url" placeholder="https://…" value={destinationUrl} onChange={setDestination} isRequired />
          <div className="dialog-foot">
            <Button onPress={onClose}>Cancel</Button>
            <Button type="submit" kind="primary" isDisabled={!valid}>Done</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
