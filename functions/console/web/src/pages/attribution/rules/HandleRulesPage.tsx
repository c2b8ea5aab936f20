import { useHandle, useQueryParts } from "../../../app/context";
import { call } from "../../../api/client";
import { useList } from "../../../api/list";
import { useChange } from "../../../api/use";
import { handleRuleBody, handleRuleForm, type HandleRule } from "../../../core/handleRules";
import { bare } from "../../../core/links";
import { hint, sentence } from "../../../core/rules";
import { inTurn } from "../../../core/turn";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button, IconButton } from "../../../ui/Button";
import { DeleteRule } from "../../../ui/DeleteRule";
import { Card, Page } from "../../../ui/Page";
import { RuleItem } from "../../../ui/RuleItem";
import { Empty, Loaded } from "../../../ui/states";
import { HandleRuleDialog } from "./HandleRuleDialog";
import css from "./rules.module.css";
import { WhoTheyHit } from "./WhoTheyHit";

const NEW = "new";

/** The rules of the handle, which are asked after those of each link, and whom they send where. */
export default function HandleRulesPage() {
  const [query, setParts] = useQueryParts();
  const list = useList("/v2/handles/{handle}/personalization-rules", { query: { limit: 100 } });
  const rules = inTurn(list.data ?? []);
  const open = query.get("rule");
  const edited = open === NEW ? null : (rules.find(({ ruleId }) => ruleId === open) ?? undefined);
  const show = (rule: string | null) => setParts({ rule });
  return (
    <Page
      title="Personalization rules" asOf={list.at}
      note="For every link: asked where none of the link's own rules matches, before its destination."
      actions={<Button kind="primary" icon="plus" onPress={() => show(NEW)}>New rule</Button>}
    >
      <div className="grid-2">
        <Card title="Rules" note="The first that matches decides: the lowest priority is asked first." flush actions={<ApiRequest requests={[list.request]} />}>
          <Loaded of={list} lines={5}>
            {() =>
              rules.length ? (
                <ol>
                  {rules.map((rule, index) => <RuleRow key={rule.ruleId} rule={rule} note={noteOf(rules, index)} onEdit={() => show(rule.ruleId)} />)}
                </ol>
              ) : (
                <Empty title="No rules" action={<Button onPress={() => show(NEW)}>New rule</Button>}>
                  A rule sends some visitors of all links elsewhere, such as those from one country to a shop of their own.
                </Empty>
              )
            }
          </Loaded>
          {list.more && <div className={css.more}><Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Load more</Button></div>}
        </Card>
        <WhoTheyHit rules={rules} />
      </div>
      {edited !== undefined && list.data && <HandleRuleDialog key={open} rule={edited} others={rules} onClose={() => show(null)} />}
    </Page>
  );
}

/** What the rules before it leave to a rule; rules that are off take no visitor away. */
function noteOf(rules: readonly HandleRule[], index: number): ReturnType<typeof hint> {
  const rule = rules[index];
  if (!rule?.enabled) return null;
  const asked = rules.slice(0, index).filter(({ enabled }) => enabled);
  const note = hint([...asked, rule].map(({ when }) => ({ conditions: when })), asked.length);
  return note && { ...note, text: note.text.replace(/rule (\d+)/, (_, number: string) => asked[Number(number) - 1]?.ruleId ?? number) };
}

function RuleRow({ rule, note, onEdit }: { rule: HandleRule; note: ReturnType<typeof hint>; onEdit: () => void }) {
  const handle = useHandle();
  const { ruleId, when, variant } = rule;
  const save = useChange((on: boolean) => {
    const body = { ...handleRuleBody(handleRuleForm(rule, [])), enabled: on };
    return call("put", "/v2/handles/{handle}/personalization-rules/{ruleId}", { path: { handle, ruleId }, body });
  });
  const remove = useChange((id: string) => call("delete", "/v2/handles/{handle}/personalization-rules/{ruleId}", { path: { handle, ruleId: id } }));
  return (
    <RuleItem
      rule={rule} save={save} name={<><strong>{ruleId}</strong> {variant.id !== ruleId && <span className="muted small">shows {variant.id}</span>}</>}
      actions={
        <>
          <IconButton icon="edit" label={`Edit ${ruleId}`} onPress={onEdit} />
          <DeleteRule ruleId={ruleId} remove={remove}>Its visitors go to the next rule that matches, or to the link's destination. Clicks that it decided keep its name.</DeleteRule>
        </>
      }
    >
      <p>{sentence(when)}</p>
      <p className="cut muted small" title={variant.destinationUrl}>→ <bdi>{bare(variant.destinationUrl)}</bdi></p>
      {note && <p className={`small ${note.kind === "unreachable" ? "text-bad" : "muted"}`}>{note.text}</p>}
    </RuleItem>
  );
}
