import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { handleRuleBody, handleRuleForm, isPriority, RULE_ID, type HandleRule, type HandleRuleForm } from "../../../core/handleRules";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { TextBox, Toggle } from "../../../ui/fields";
import { Form } from "../../../ui/form";
import { toast } from "../../../ui/toasts";
import { ConditionsEditor } from "../builder/ConditionsEditor";

type Props = { rule: HandleRule | null; others: readonly HandleRule[]; onClose: () => void };

/** Creates a rule of the handle, or changes one. */
export function HandleRuleDialog({ rule, others, onClose }: Props) {
  const handle = useHandle();
  const [form, setForm] = useState<HandleRuleForm>(() => handleRuleForm(rule, others));
  const set = (parts: Partial<HandleRuleForm>) => setForm({ ...form, ...parts });
  const ruleId = form.ruleId.trim();
  const taken = rule === null && others.some((other) => other.ruleId === ruleId);
  const badId = rule === null && ruleId !== "" && !RULE_ID.test(ruleId);
  const ready = RULE_ID.test(ruleId) && !taken && isPriority(form.priority) && /^https?:\/\/\S+$/i.test(form.destinationUrl.trim());
  const save = useChange(() => call("put", "/v2/handles/{handle}/personalization-rules/{ruleId}", { path: { handle, ruleId }, body: handleRuleBody(form) }));
  const submit = () => {
    if (!ready) return;
    save.mutate(undefined, {
      onSuccess: () => {
        toast(rule ? "Saved." : `${ruleId} is created.`);
        onClose();
      },
    });
  };
  return (
    <Dialog title={rule ? `Edit ${rule.ruleId}` : "New rule"} isOpen onOpenChange={(open) => !open && onClose()} wide>
      {() => (
        <Form problem={save.error} shown={["ruleId", "priority", "variant", "when"]} onSubmit={submit} faults={[]}>
          {(fault) => (
            <>
              <div className="form-row">
                <TextBox
                  label="Name" placeholder="de-shop" value={form.ruleId} onChange={(text) => set({ ruleId: text })} isDisabled={rule !== null} isRequired help="Reports and explanations show it." {...fault("ruleId")}
                  {...(taken ? { error: "There is a rule of this name." } : badId ? { error: "1 to 64 small letters, digits, - or _." } : {})}
                />
                <TextBox label="Priority" value={form.priority} onChange={(priority) => set({ priority })} help="The lowest is asked first." {...fault("priority")} {...(isPriority(form.priority) ? {} : { error: "A whole number from 0 to 1,000,000." })} />
              </div>
              <ConditionsEditor conditions={form.conditions} onChange={(conditions) => set({ conditions })} />
              {save.error?.fields.filter(({ field }) => field.startsWith("when")).map(({ field, message }) => <p key={field} className="field-error" role="alert">{field}: {message}</p>)}
              <TextBox label="Goes to" type="url" placeholder="https://…" value={form.destinationUrl} onChange={(destinationUrl) => set({ destinationUrl })} isRequired {...fault("variant.destinationUrl")} />
              <TextBox label="Name of the variant" placeholder={ruleId || "de-shop"} value={form.variantId} onChange={(variantId) => set({ variantId })} help="Empty: that of the rule." {...fault("variant.id")} />
              <Toggle label="Enabled" value={form.enabled} onChange={(enabled) => set({ enabled })} />
              <div className="dialog-foot">
                <span className="muted small grow">Costs one write.</span>
                <Button onPress={onClose}>Cancel</Button>
                <Button type="submit" kind="primary" isDisabled={!ready || save.isPending}>{rule ? "Save" : "Create"}</Button>
              </div>
            </>
          )}
        </Form>
      )}
    </Dialog>
  );
}
