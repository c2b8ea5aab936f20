import { useMemo, useState } from "react";
import { useLocation, useParams, useSearchParams } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { useRules } from "../../../api/chain";
import type { ChainRule } from "../../../core/chain";
import { bodyJson, CHAIN_FIELDS, chainFaults, chainForm, formOfJson, newChainForm, ruleJson, type ChainForm } from "../../../core/chainForm";
import { RULE_ID } from "../../../core/handleRules";
import { readJson, type JsonFault } from "../../../core/jsonText";
import type { Fault } from "../../../api/problem";
import { Button, ButtonLink } from "../../../ui/Button";
import { Form, useDraft } from "../../../ui/form";
import { Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { Empty } from "../../../ui/states";
import { toast } from "../../../ui/toasts";
import { ActionEditor } from "./ActionEditor";
import { Basics } from "./Basics";
import { draftKey, type RuleDraft } from "./drafts";
import { JsonEditor } from "./JsonEditor";
import { RuleConflict } from "./RuleConflict";
import { useSaveRule } from "./useSaveRule";
import { WhenEditor } from "./WhenEditor";

const FORM = "chain-rule-form";

/** Creates a chain rule, or edits the one in the address. */
export default function RuleEditor() {
  const { ruleId } = useParams<{ ruleId?: string }>();
  const rules = useRules();
  const title = ruleId ? `Edit ${ruleId}` : "New rule";
  return <PageOf of={rules} title={title}>{(data) => <FirstRead key={ruleId ?? ""} ruleId={ruleId ?? null} rules={data.items} />}</PageOf>;
}

/** Keeps editing what was read first: reading again does not change what is typed. */
function FirstRead(props: { ruleId: string | null; rules: readonly ChainRule[] }) {
  const address = useAddress();
  const [query] = useSearchParams();
  const [rules] = useState(props.rules);
  const rule = rules.find(({ ruleId }) => ruleId === props.ruleId) ?? null;
  if (props.ruleId === null || rule) return <Editor rule={rule} rules={rules} trigger={query.get("trigger") ?? "checkout"} />;
  return (
    <Page title={`Edit ${props.ruleId}`}>
      <Empty title={`There is no rule ${props.ruleId}`} action={<ButtonLink href={address("lifecycle/rules")}>All rules</ButtonLink>}>Others may have deleted it.</Empty>
    </Page>
  );
}

/** Text that was typed as JSON, until the form is changed again. */
type Typed = { text: string; fault: JsonFault | null; faults: Fault[] };

function Editor({ rule, rules, trigger }: { rule: ChainRule | null; rules: readonly ChainRule[]; trigger: string }) {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const initial = useMemo<RuleDraft>(
    () => (rule ? { form: chainForm(rule), base: ruleJson(rule) } : { form: newChainForm(trigger, rules), base: null }),
    [rule, rules, trigger],
  );
  const draft = useDraft<RuleDraft>(draftKey(handle, rule?.ruleId ?? null), initial);
  const [typed, setTyped] = useState<Typed | null>(null);
  const { form, base } = draft.value;
  const { save, found, settle } = useSaveRule(form, base);
  const set = (parts: Partial<ChainForm>) => {
    setTyped(null);
    draft.set({ base, form: { ...form, ...parts } });
  };
  const typeJson = (text: string) => {
    const read = readJson(text);
    if ("fault" in read) return setTyped({ text, fault: read.fault, faults: [] });
    const { form: next, faults } = formOfJson(form.ruleId, read.value);
    setTyped({ text, fault: null, faults });
    if (!faults.length) draft.set({ base, form: next });
  };
  const ruleId = form.ruleId.trim();
  const badJson = typed !== null && (typed.fault !== null || typed.faults.length > 0);
  const own = chainFaults(form);
  const ready = RULE_ID.test(ruleId) && !badJson && !own.length && !save.isPending;
  const submit = () => {
    if (!ready) return;
    save.mutate(undefined, {
      onSuccess: (saved) => {
        if (!saved) return;
        draft.discard();
        toast(base !== null ? "Saved." : `${saved.ruleId} is created.`);
        navigate(address("lifecycle/rules"));
      },
    });
  };
  const actions = (
    <>
      <ButtonLink href={address(`lifecycle/tester?triggers=${encodeURIComponent(form.trigger)}&drafts=on`)} icon="split">Test it</ButtonLink>
      <ButtonLink href={address("lifecycle/rules")}>Cancel</ButtonLink>
      <Button kind="primary" type="submit" form={FORM} isDisabled={!ready}>{rule ? "Save" : "Create rule"}</Button>
    </>
  );
  return (
    <Page title={rule ? `Edit ${rule.ruleId}` : "New rule"} note="Saving costs one write. Until then the rule is kept in this tab, where it can be tested." actions={actions}>
      {draft.restored && (
        <p className="alert">
          <span>What you typed before is restored.</span>
          <Button size="small" onPress={() => { setTyped(null); draft.discard(); }}>Start over</Button>
        </p>
      )}
      {found && base !== null && (
        <RuleConflict
          base={base} mine={form} theirs={found.theirs} onClose={settle}
          onMerge={(merged, theirs) => {
            setTyped(null);
            draft.set({ form: merged, base: theirs });
            settle();
          }}
        />
      )}
      <Form problem={save.error} shown={CHAIN_FIELDS} faults={own} onSubmit={submit} className="builder" id={FORM}>
        {(fault) => (
          <>
            <div className="stack">
              <Basics form={form} set={set} fault={fault} isNew={rule === null} rules={rules} />
              <WhenEditor form={form} onChange={(when) => set({ when })} fault={fault} />
              <ActionEditor form={form} onChange={(action) => set({ action })} fault={fault} />
            </div>
            <div className="builder-side stack">
              <JsonEditor text={typed?.text ?? bodyJson(form)} onChange={typeJson} fault={typed?.fault ?? null} faults={typed?.faults ?? []} />
            </div>
          </>
        )}
      </Form>
    </Page>
  );
}
