import { useState } from "react";
import type { Fault } from "../../../api/problem";
import { faultsBelow } from "../../../core/faults";
import type { RuleForm } from "../../../core/linkForm";
import { bare } from "../../../core/links";
import { hint, sentence } from "../../../core/rules";
import { Button, IconButton } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Sortable } from "../../../ui/Sortable";
import { Empty } from "../../../ui/states";
import { HandleRules } from "./HandleRules";
import { RuleDialog } from "./RuleDialog";

type Props = { rules: readonly RuleForm[]; onChange: (rules: RuleForm[]) => void; destination: string; faults: readonly Fault[] };

/** An id that no rule of the form has. */
const freshId = (rules: readonly RuleForm[]): string => `n${Math.max(0, ...rules.map(({ id }) => Number(id.slice(1)) + 1))}`;

/** The rules in the order in which they are evaluated: moved by dragging, or with Alt and the arrows. Saved with the link, in one write. */
export function Rules({ rules, onChange, destination, faults }: Props) {
  const [edited, setEdited] = useState<RuleForm | null>(null);
  const store = (rule: RuleForm) => {
    const known = rules.some(({ id }) => id === rule.id);
    onChange(known ? rules.map((other) => (other.id === rule.id ? rule : other)) : [...rules, rule]);
    setEdited(null);
  };
  const add = () => setEdited({ id: freshId(rules), destinationUrl: "", conditions: {} });
  return (
    <Card title="Routing" note="The first rule that matches decides." actions={<Button size="small" icon="plus" onPress={add}>Add a rule</Button>} flush>
      {!rules.length && <Empty title="No rules">Everyone goes to the destination. A rule sends some visitors elsewhere.</Empty>}
      <Sortable label="Routing rules" items={rules} keyOf={({ id }) => id} name={(index) => `rule ${index + 1}`} onChange={onChange}>
        {(rule, index) => {
          const note = hint(rules, index);
          const wrong = faultsBelow(faults, `routingRules[${index}]`);
          return (
            <>
              <span className="rule-number">{index + 1}</span>
              <div className="grow">
                <p>{sentence(rule.conditions)}</p>
                <p className="cut muted small">→ {rule.destinationUrl ? bare(rule.destinationUrl) : "no destination"}</p>
                {note && <p className={`small ${note.kind === "unreachable" ? "text-bad" : "muted"}`}>{note.text}</p>}
                {wrong.map(({ field, message }) => <p key={field} className="field-error">{field}: {message}</p>)}
              </div>
              <IconButton icon="edit" label={`Edit rule ${index + 1}`} onPress={() => setEdited(rule)} />
              <IconButton icon="trash" label={`Remove rule ${index + 1}`} onPress={() => onChange(rules.filter(({ id }) => id !== rule.id))} />
            </>
          );
        }}
      </Sortable>
      <HandleRules />
      <p className="rule rule-last"><span className="rule-number">·</span><span className="grow">Everyone else <span className="muted small">→ {destination ? bare(destination) : "the destination"}</span></span></p>
      {edited && <RuleDialog rule={edited} onStore={store} onClose={() => setEdited(null)} />}
    </Card>
  );
}
