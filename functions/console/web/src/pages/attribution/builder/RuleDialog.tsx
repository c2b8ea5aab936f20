import { useState } from "react";
import type { Conditions, RuleForm } from "../../../core/linkForm";
import { KINDS, kindsOf, sentence, type Kind } from "../../../core/rules";
import { Button, IconButton } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Choice, TextBox } from "../../../ui/fields";
import { ConditionField } from "./ConditionField";

const EMPTY: Record<Kind, Conditions> = {
  countryIn: { countryIn: [] }, deviceIn: { deviceIn: [] }, sourceIn: { sourceIn: [] }, campaignIn: { campaignIn: [] },
  segmentIn: { segmentIn: [] }, languageIn: { languageIn: [] }, weekdayIn: { weekdayIn: [] },
  timeBetween: { timeBetween: { from: "09:00", to: "17:00" } }, percent: { percent: { from: 0, to: 50 } },
};

type Props = { rule: RuleForm; onStore: (rule: RuleForm) => void; onClose: () => void };

/** One rule: who, and where to. It becomes a part of the link's form; nothing is saved yet. */
export function RuleDialog({ rule, onStore, onClose }: Props) {
  const [destinationUrl, setDestination] = useState(rule.destinationUrl);
  const [conditions, setConditions] = useState<Conditions>(rule.conditions);
  const [kinds, setKinds] = useState<readonly Kind[]>(kindsOf(rule.conditions));
  const rest = KINDS.filter(({ id }) => !kinds.includes(id));
  const remove = (kind: Kind) => {
    setKinds(kinds.filter((other) => other !== kind));
    setConditions({ ...conditions, [kind]: null });
  };
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
          <p className="muted">{sentence(conditions)}</p>
          {kinds.map((kind) => (
            <div key={kind} className="condition">
              <div className="grow"><ConditionField kind={kind} conditions={conditions} onChange={setConditions} /></div>
              <IconButton icon="close" label={`Remove the condition ${KINDS.find(({ id }) => id === kind)?.name}`} onPress={() => remove(kind)} />
            </div>
          ))}
          {rest.length > 0 && (
            <Choice
              label="Add a condition" options={rest} value={null} placeholder={kinds.length ? "And …" : "Everyone; or choose a condition"}
              onChange={(kind) => {
                setKinds([...kinds, kind]);
                setConditions({ ...conditions, ...EMPTY[kind] });
              }}
            />
          )}
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
