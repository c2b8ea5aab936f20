import type { UseMutationResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Toggle } from "./fields";
import css from "./rule.module.css";
import { Failed } from "./states";
import { toast } from "./toasts";

type Props = {
  rule: { ruleId: string; priority: number; enabled: boolean };
  /** Switches it on or off. */
  save: UseMutationResult<unknown, Problem, boolean>;
  name: ReactNode;
  /** What it asks and does. */
  children: ReactNode;
  actions: ReactNode;
};

/** A rule of a list: its priority, what it asks and does, its switch, and what else can be done with it. */
export function RuleItem({ rule: { ruleId, priority, enabled }, save, name, children, actions }: Props) {
  return (
    <li className={css.rule}>
      <span className={css.priority} title="Priority">{priority}</span>
      <div className={enabled ? css.text : `${css.text} ${css.off}`}>
        <p>{name}</p>
        {children}
        {save.error && <Failed problem={save.error} />}
      </div>
      <div className={css.actions}>
        <Toggle label={enabled ? "On" : "Off"} value={enabled} isDisabled={save.isPending} onChange={(on) => save.mutate(on, { onSuccess: () => toast(`${ruleId} is ${on ? "on" : "off"}.`) })} />
        {actions}
      </div>
    </li>
  );
}
