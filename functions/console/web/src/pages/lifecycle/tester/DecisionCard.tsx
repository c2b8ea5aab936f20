import { duration, whenText, type ChainRule } from "../../../core/chain";
import { actualText, expectedText, type Envelope, type Look } from "../../../core/tester";
import { Icon } from "../../../ui/Icon";
import { Card } from "../../../ui/Page";
import { ActionLook } from "../rules/ActionLook";

type Props = { trigger: string; decision: Envelope; rules: readonly ChainRule[]; unsaved: ReadonlySet<string> };

/** The answer at one trigger: what is shown, and every rule that was asked. */
export function DecisionCard({ trigger, decision, rules, unsaved }: Props) {
  const { matched, ruleId, evaluated, ttlSeconds, action } = decision;
  return (
    <Card
      title={<>At <code>{trigger}</code></>}
      note={matched ? (ttlSeconds ? `May be reused for ${duration(ttlSeconds)}.` : "Asked again each time.") : "Asked again each time."}
      actions={<span className={`tag ${matched ? "tag-good" : ""}`} data-decision={trigger} data-rule={ruleId ?? ""} data-digest={decision.decisionId.slice(14)}>{matched ? ruleId : evaluated.length ? "No rule matches" : "No rules"}</span>}
    >
      <div className="stack">
        <div className="path">
          <ol className="path-steps" aria-label={`Rules asked at ${trigger}`}>
            {evaluated.map((look) => <Asked key={look.ruleId} look={look} rule={rules.find((rule) => rule.ruleId === look.ruleId)} isUnsaved={unsaved.has(look.ruleId)} />)}
          </ol>
          <p className="path-end" role="status">
            {matched ? <>Rule <strong>{ruleId}</strong> decides.</> : evaluated.length ? "No rule matches: nothing is shown." : "No rule has this trigger: nothing is shown."}
          </p>
        </div>
        {matched && <ActionLook action={action} ofDecision />}
      </div>
    </Card>
  );
}

function Asked({ look, rule, isUnsaved }: { look: Look; rule: ChainRule | undefined; isUnsaved: boolean }) {
  const { ruleId, matched, failedCondition, expected, actual } = look;
  return (
    <li className={matched ? "path-yes" : "path-no"}>
      <Icon name={matched ? "check" : "close"} size={14} />
      <div>
        <span className="hidden">{matched ? "Matches: " : "Does not match: "}</span>
        <strong>{ruleId}</strong> {isUnsaved && <span className="tag tag-accent">unsaved</span>}
        {matched && rule && <p className="small"><bdi>{whenText(rule.when)}</bdi></p>}
        {failedCondition && (
          <p className="small">
            <code>{failedCondition}</code> asks that <bdi>{expectedText(expected)}</bdi>; the session has <strong><bdi>{actualText(actual)}</bdi></strong>.
          </p>
        )}
      </div>
    </li>
  );
}
