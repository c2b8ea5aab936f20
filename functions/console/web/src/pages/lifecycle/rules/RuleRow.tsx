import { Link } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange } from "../../../api/use";
import { actionText, duration, taker, whenText, type ChainRule } from "../../../core/chain";
import { chainBody, chainForm } from "../../../core/chainForm";
import { ButtonLink } from "../../../ui/Button";
import { Toggle } from "../../../ui/fields";
import { Failed } from "../../../ui/states";
import { toast } from "../../../ui/toasts";
import { DeleteRule } from "./DeleteRule";
import css from "./rules.module.css";

/** A rule as a sentence, with its switch. */
export function RuleRow({ rules, index, rule }: { rules: readonly ChainRule[]; index: number; rule: ChainRule }) {
  const handle = useHandle();
  const address = useAddress();
  const { ruleId, priority, enabled, when, action, ttlSeconds } = rule;
  const save = useChange((on: boolean) => {
    const body = { ...chainBody(chainForm(rule)), enabled: on };
    return call("put", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId }, body });
  });
  const remove = useChange((id: string) => call("delete", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId: id } }));
  const earlier = taker(rules, index);
  const editor = address(`lifecycle/rules/${ruleId}/edit`);
  return (
    <li className={css.rule}>
      <span className={css.priority} title="Priority">{priority}</span>
      <div className={enabled ? css.text : `${css.text} ${css.off}`}>
        <p><Link href={editor} className="row-name">{ruleId}</Link></p>
        <p><bdi>{whenText(when)}</bdi></p>
        <p className="muted small">→ <bdi>{actionText(action)}</bdi>{ttlSeconds > 0 ? `, for ${duration(ttlSeconds)}` : ", asked each time"}</p>
        {earlier && <p className="small text-bad">No session reaches it: {earlier.ruleId} takes them all.</p>}
        {save.error && <Failed problem={save.error} />}
      </div>
      <div className={css.actions}>
        <Toggle label={enabled ? "On" : "Off"} value={enabled} isDisabled={save.isPending} onChange={(on) => save.mutate(on, { onSuccess: () => toast(`${ruleId} is ${on ? "on" : "off"}.`) })} />
        <ButtonLink size="small" kind="quiet" icon="edit" href={editor} aria-label={`Edit ${ruleId}`} />
        <DeleteRule ruleId={ruleId} remove={remove} onDone={() => toast(`${ruleId} is deleted.`)} />
      </div>
    </li>
  );
}
