import { useAddress, useZone } from "../../../app/context";
import { formOf } from "../../../core/linkForm";
import { bare, type Link } from "../../../core/links";
import { hint, sentence } from "../../../core/rules";
import { ButtonLink } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Empty } from "../../../ui/states";
import { HandleRules } from "../builder/HandleRules";
import { WhatHappens } from "../builder/WhatHappens";

/** The rules of a link as they are saved, and where visitors go by them. */
export function RoutingTab({ link }: { link: Link }) {
  const zone = useZone();
  const address = useAddress();
  const { rules } = formOf(link, "", zone);
  return (
    <div className="grid-2">
      <Card title="Rules" note="The first rule that matches decides." actions={<ButtonLink size="small" href={address(`attribution/links/${link.slug}/edit`)}>Change</ButtonLink>} flush>
        <ol className="rules">
          {rules.map((rule, index) => {
            const note = hint(rules, index);
            return (
              <li key={rule.id} className="rule">
                <span className="rule-number">{index + 1}</span>
                <div className="grow">
                  <p>{sentence(rule.conditions)}</p>
                  <p className="cut muted small">→ {bare(rule.destinationUrl)}</p>
                  {note && <p className={`small ${note.kind === "unreachable" ? "text-bad" : "muted"}`}>{note.text}</p>}
                </div>
              </li>
            );
          })}
        </ol>
        {!rules.length && <Empty title="No rules">Everyone goes to the destination.</Empty>}
        <HandleRules />
        <p className="rule rule-plain"><span className="rule-number">·</span><span className="grow cut">Everyone else <span className="muted small">→ {bare(link.destinationUrl)}</span></span></p>
      </Card>
      <WhatHappens slug={link.slug} draft={null} rules={rules} stored />
    </div>
  );
}
