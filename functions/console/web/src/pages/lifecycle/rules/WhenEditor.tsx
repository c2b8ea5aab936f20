import { GROUPS, whenText, type Group } from "../../../core/chain";
import { emptyCondition, freshId, whenOf, type ChainForm, type ConditionForm } from "../../../core/chainForm";
import { Button } from "../../../ui/Button";
import type { FormFaults } from "../../../ui/form";
import { Card } from "../../../ui/Page";
import { ConditionCard } from "./ConditionCard";
import css from "./rules.module.css";

type Props = { form: ChainForm; onChange: (when: ChainForm["when"]) => void; fault: FormFaults };

/** What a rule asks of a session: three lists of conditions, and all of it as one sentence. */
export function WhenEditor({ form, onChange, fault }: Props) {
  const { when } = form;
  const store = (group: Group, list: ConditionForm[]) => onChange({ ...when, [group]: list });
  const add = (group: Group, kind: ConditionForm["kind"]) => store(group, [...when[group], emptyCondition(kind, freshId(form))]);
  return (
    <Card title="When" note={<span aria-live="polite">{whenText(whenOf(form))}.</span>}>
      <div className="form">
        {GROUPS.map(({ id, name, text }) => (
          <fieldset key={id} className={css.group}>
            <legend>{name}</legend>
            <p className="muted small">{text}</p>
            {fault(`when.${id}`).error && <p className="field-error" role="alert" tabIndex={-1}>{fault(`when.${id}`).error}</p>}
            {when[id].map((condition, index) => (
              <ConditionCard
                key={condition.id} group={id} index={index} condition={condition} path={`when.${id}[${index}]`} fault={fault}
                onChange={(next) => store(id, when[id].map((one) => (one.id === next.id ? next : one)))}
                onRemove={() => store(id, when[id].filter((one) => one.id !== condition.id))}
              />
            ))}
            <div className="row">
              <Button size="small" icon="plus" onPress={() => add(id, "signals")} aria-label={`${name}: add signals`}>Signals</Button>
              <Button size="small" icon="plus" onPress={() => add(id, "segment")} aria-label={`${name}: add a segment`}>Segment</Button>
            </div>
          </fieldset>
        ))}
      </div>
    </Card>
  );
}
