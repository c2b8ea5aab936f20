import { byTrigger, NAME, type ChainRule } from "../../../core/chain";
import type { ChainForm } from "../../../core/chainForm";
import { isPriority, RULE_ID } from "../../../core/handleRules";
import { TextBox, Toggle } from "../../../ui/fields";
import type { FormFaults } from "../../../ui/form";
import { Card } from "../../../ui/Page";

type Props = { form: ChainForm; set: (parts: Partial<ChainForm>) => void; fault: FormFaults; isNew: boolean; rules: readonly ChainRule[] };

/** When a rule is asked, and in which turn. */
export function Basics({ form, set, fault, isNew, rules }: Props) {
  const { ruleId, trigger, priority, ttlSeconds, enabled } = form;
  const badId = isNew && ruleId !== "" && !RULE_ID.test(ruleId.trim());
  const taken = isNew && rules.some((rule) => rule.ruleId === ruleId.trim());
  const others = byTrigger(rules).find(([name]) => name === trigger.trim())?.[1].filter((rule) => isNew || rule.ruleId !== ruleId) ?? [];
  const first = isPriority(priority) ? others.filter((rule) => rule.priority < Number(priority) || (rule.priority === Number(priority) && rule.ruleId < ruleId)) : [];
  return (
    <Card title="Rule">
      <div className="form">
        <div className="form-row">
          <TextBox
            label="Name" placeholder="welcome-back" value={ruleId} onChange={(text) => set({ ruleId: text })} isDisabled={!isNew} isRequired help="Decisions show it." {...fault("ruleId")}
            {...(taken ? { error: "There is a rule of this name." } : badId ? { error: "1 to 64 small letters, digits, - or _." } : {})}
          />
          <TextBox
            label="Trigger" placeholder="checkout" value={trigger} onChange={(text) => set({ trigger: text })} isRequired help="The page asks at this moment." {...fault("trigger")}
            {...(trigger && !NAME.test(trigger.trim()) ? { error: "1 to 64 letters, digits, _ . : or -." } : {})}
          />
        </div>
        <div className="form-row">
          <TextBox
            label="Priority" value={priority} onChange={(text) => set({ priority: text })} {...fault("priority")}
            help={!others.length ? "The only rule of its trigger." : first.length ? `Asked after ${first.map((rule) => rule.ruleId).join(", ")}.` : "Asked first."}
          />
          <TextBox label="May be reused for" after="seconds" value={ttlSeconds} onChange={(text) => set({ ttlSeconds: text })} help="How long a page may keep the decision." {...fault("ttlSeconds")} />
        </div>
        <Toggle label="Enabled" value={enabled} onChange={(on) => set({ enabled: on })} />
      </div>
    </Card>
  );
}
