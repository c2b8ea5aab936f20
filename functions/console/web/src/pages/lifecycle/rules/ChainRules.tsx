import { useAddress, useHandle } from "../../../app/context";
import { useRules } from "../../../api/chain";
import { call, type Schema } from "../../../api/client";
import { useChange } from "../../../api/use";
import { byTrigger, type ChainRule } from "../../../core/chain";
import { plural } from "../../../core/numbers";
import { ApiRequest } from "../../../ui/ApiRequest";
import { ButtonLink } from "../../../ui/Button";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { DeleteRule } from "../../../ui/DeleteRule";
import css from "../../../ui/rule.module.css";
import { DELETED, RuleRow } from "./RuleRow";

/** The chain rules by trigger, each trigger's in the order in which they are asked. One request. */
export default function ChainRules() {
  const address = useAddress();
  const rules = useRules();
  return (
    <Page
      title="Chain rules" asOf={rules.at} note="What a page shows at a trigger, by what the visitor did before. The first rule that matches decides."
      actions={
        <>
          <ButtonLink href={address("lifecycle/tester")} icon="split">Test decisions</ButtonLink>
          <ButtonLink href={address("lifecycle/rules/new")} kind="primary" icon="plus">New rule</ButtonLink>
        </>
      }
    >
      <Loaded of={rules} lines={8}>
        {(data) =>
          data.items.length || data.damaged?.length ? (
            <div className="stack">
              <Damaged of={data} />
              {byTrigger(data.items).map(([trigger, list]) => <TriggerCard key={trigger} trigger={trigger} rules={list} request={rules.request} />)}
            </div>
          ) : (
            <Card>
              <Empty title="No rules yet" action={<ButtonLink kind="primary" href={address("lifecycle/rules/new")}>New rule</ButtonLink>}>
                A rule says what a page shows at a trigger, such as a banner at checkout for visitors who looked at a product twice.
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function TriggerCard({ trigger, rules, request }: { trigger: string; rules: readonly ChainRule[]; request: Parameters<typeof ApiRequest>[0]["requests"][number] }) {
  const handle = useHandle();
  const address = useAddress();
  const ask = { verb: "post", address: "/v2/public/chain/resolve", body: { handle, sessionId: "sess-1", trigger }, open: true } as const;
  return (
    <Card
      title={<>At <code>{trigger}</code></>} note={plural(rules.length, "rule")} flush
      actions={
        <>
          <ButtonLink size="small" kind="quiet" icon="split" href={address(`lifecycle/tester?triggers=${encodeURIComponent(trigger)}`)} aria-label={`Test ${trigger}`}>Test</ButtonLink>
          <ButtonLink size="small" kind="quiet" icon="plus" href={address(`lifecycle/rules/new?trigger=${encodeURIComponent(trigger)}`)} aria-label={`New rule at ${trigger}`}>Rule</ButtonLink>
          <ApiRequest requests={[request, ask]} />
        </>
      }
    >
      <ol aria-label={`Rules at ${trigger}`}>
        {rules.map((rule, index) => <RuleRow key={rule.ruleId} rules={rules} index={index} rule={rule} />)}
      </ol>
    </Card>
  );
}

/** Rules that are stored and cannot be read: they decide nothing, and can be deleted. */
function Damaged({ of }: { of: Schema["ListResponse_ChainRule"] }) {
  const handle = useHandle();
  const remove = useChange((ruleId: string) => call("delete", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId } }));
  if (!of.damaged?.length) return null;
  return (
    <Card title="Rules that cannot be read" note="They decide nothing; the others work. Delete them, or write them again under the same name." flush>
      <ul>
        {of.damaged.map((ruleId) => (
          <li key={ruleId} className={css.rule}>
            <strong className={css.text}>{ruleId}</strong>
            <DeleteRule ruleId={ruleId} remove={remove}>{DELETED}</DeleteRule>
          </li>
        ))}
      </ul>
    </Card>
  );
}
