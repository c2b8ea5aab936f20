import { useState } from "react";
import type { Conditions } from "../../../core/linkForm";
import { KINDS, kindsOf, sentence, type Kind } from "../../../core/rules";
import { IconButton } from "../../../ui/Button";
import { Choice } from "../../../ui/Choice";
import { ConditionField } from "./ConditionField";

const EMPTY: Record<Kind, Conditions> = {
  countryIn: { countryIn: [] }, deviceIn: { deviceIn: [] }, sourceIn: { sourceIn: [] }, campaignIn: { campaignIn: [] },
  segmentIn: { segmentIn: [] }, languageIn: { languageIn: [] }, weekdayIn: { weekdayIn: [] },
  timeBetween: { timeBetween: { from: "09:00", to: "17:00" } }, percent: { percent: { from: 0, to: 50 } },
};

/** Who a rule is for: its conditions as a sentence, and a field for each. */
export function ConditionsEditor({ conditions, onChange }: { conditions: Conditions; onChange: (conditions: Conditions) => void }) {
  const [kinds, setKinds] = useState<readonly Kind[]>(kindsOf(conditions));
  const rest = KINDS.filter(({ id }) => !kinds.includes(id));
  const remove = (kind: Kind) => {
    setKinds(kinds.filter((other) => other !== kind));
    onChange({ ...conditions, [kind]: null });
  };
  return (
    <>
      <p className="muted">{sentence(conditions)}</p>
      {kinds.map((kind) => (
        <div key={kind} className="condition">
          <div className="grow"><ConditionField kind={kind} conditions={conditions} onChange={onChange} /></div>
          <IconButton icon="close" label={`Remove the condition ${KINDS.find(({ id }) => id === kind)?.name}`} onPress={() => remove(kind)} />
        </div>
      ))}
      {rest.length > 0 && (
        <Choice
          label="Add a condition" options={rest} value={null} placeholder={kinds.length ? "And …" : "Everyone; or choose a condition"}
          onChange={(kind) => {
            setKinds([...kinds, kind]);
            onChange({ ...conditions, ...EMPTY[kind] });
          }}
        />
      )}
    </>
  );
}
