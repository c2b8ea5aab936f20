import { Link } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { actionText, duration, taker, whenText, type ChainRule } from "../../../core/chain";
import { chainBody, chainForm } from "../../../core/chainForm";
import { ButtonLink } from "../../../ui/Button";
import { DeleteRule } from "../../../ui/DeleteRule";
import { RuleItem } from "../../../ui/RuleItem";

/** What happens once a chain rule is deleted. */
export const DELETED = "At its trigger, the next rule that matches decides. Pages may reuse this rule's decisions until they expire.";

/** A rule as a sentence, with its switch. */
export function RuleRow({ rules, index, rule }: { rules: readonly ChainRule[]; index: number; rule: ChainRule }) {
  const handle = useHandle();
  const address = useAddress();
  const { ruleId, when, action, ttlSeconds } = rule;
  const save = useChange((on: boolean) => {
    const body = { ...chainBody(chainForm(rule)), enabled: on };
    return call("put", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId }, body });
  });
  const remove = useChange((id: string) => call("delete", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId: id } }));
  const earlier = taker(rules, index);
  const editor = address(`lifecycle/rules/${ruleId}/edit`);
  return (
    <RuleItem
      rule={rule} save={save} name={<Link href={editor} className="row-name">{ruleId}</Link>}
      actions={
        <>
          <ButtonLink size="small" kind="quiet" icon="edit" href={editor} aria-label={`Edit ${ruleId}`} />
          <DeleteRule ruleId={ruleId} remove={remove}>{DELETED}</DeleteRule>
        </>
      }
    >
      <p><bdi>{whenText(when)}</bdi></p>
      <p className="muted small">→ <bdi>{actionText(action)}</bdi>{ttlSeconds > 0 ? `, for ${duration(ttlSeconds)}` : ", asked each time"}</p>
      {earlier && <p className="small text-bad">No session reaches it: {earlier.ruleId} takes them all.</p>}
    </RuleItem>
  );
}
