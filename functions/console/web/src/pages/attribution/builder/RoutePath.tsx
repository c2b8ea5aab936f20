import type { RuleForm } from "../../../core/linkForm";
import { decidedBy, shown, type Decision } from "../../../core/preview";
import { KINDS, sentence } from "../../../core/rules";
import { Icon } from "../../../ui/Icon";

const conditionName = (kind: string): string => KINDS.find(({ id }) => id === kind)?.name ?? kind;

/** The way of a visitor: every rule that was looked at, why it did not match, and where it ends. */
export function RoutePath({ decision, rules }: { decision: Decision; rules: readonly RuleForm[] }) {
  const { evaluated, destinationUrl, wouldAppendCtx, redirectType } = decision;
  return (
    <div className="path">
      <ol className="path-steps">
        {evaluated.map((step) => {
          const rule = step.kind === "ROUTING_RULE" ? rules[step.index] : undefined;
          const name = step.kind === "ROUTING_RULE" ? `Rule ${step.index + 1}` : `Handle rule ${step.ruleId ?? step.index + 1}`;
          return (
            <li key={`${step.kind}${step.index}`} className={step.matched ? "path-yes" : "path-no"}>
              <Icon name={step.matched ? "check" : "close"} size={14} />
              <div>
                <span>{name}</span> <span className="muted small">{rule ? sentence(rule.conditions) : ""}</span>
                {!step.matched && step.failedCondition && (
                  <p className="small">{conditionName(step.failedCondition)}: expected {shown(step.expected)}, got <strong>{shown(step.actual)}</strong></p>
                )}
              </div>
            </li>
          );
        })}
      </ol>
      <div className="path-end" role="status">
        <span className="tag tag-accent">{decidedBy(decision)}</span>
        {destinationUrl ? (
          <code>{destinationUrl}{wouldAppendCtx && <mark>{destinationUrl.includes("?") ? "&" : "?"}ctx=…</mark>}</code>
        ) : (
          <span>{decision.reason}</span>
        )}
        {destinationUrl && <span className="muted small">{redirectType}</span>}
      </div>
    </div>
  );
}
