import { useState } from "react";
import { useZone } from "../../../app/context";
import { usePreview } from "../../../api/usePreview";
import type { LinkBody } from "../../../core/linkBody";
import type { RuleForm } from "../../../core/linkForm";
import { SLUG } from "../../../core/links";
import { matrixCountries, matrixVisits, NO_VISITOR, visitOf, type Visitor } from "../../../core/preview";
import { fromLocal } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Card } from "../../../ui/Page";
import { Matrix } from "./Matrix";
import { RoutePath } from "./RoutePath";
import { VisitorFields } from "./VisitorFields";

type Props = {
  slug: string;
  /** The link as it would be saved; null asks about the stored one. */
  draft: LinkBody | null;
  rules: readonly RuleForm[];
  /** Whether there is a stored version to compare with. */
  stored: boolean;
};

/** Where a visitor would go and why, for what is typed and not yet saved; and for the usual countries and devices at once. */
export function WhatHappens({ slug, draft, rules, stored }: Props) {
  const zone = useZone();
  const [visitor, setVisitor] = useState<Visitor>(NO_VISITOR);
  const visit = visitOf(visitor, fromLocal(visitor.at, zone));
  const countries = matrixCountries(rules);
  const visits = [visit, ...matrixVisits(visit, countries)];
  // A new link may not have a good slug yet; the decision does not depend on it.
  const name = SLUG.test(slug) ? slug : "preview";
  const ready = draft === null || Boolean(draft.destinationUrl);
  const preview = usePreview(name, visits, draft, ready);
  const before = usePreview(name, visits, null, stored && draft !== null);
  const [decision, ...cells] = preview.decisions ?? [];
  return (
    <Card title="What happens" note={draft ? "With what you typed; nothing is saved." : undefined} actions={<ApiRequest requests={[preview.request]} />}>
      <div className="stack">
        <VisitorFields visitor={visitor} onChange={setVisitor} />
        {!ready && <p className="muted">Type a destination to see where visitors go.</p>}
        {preview.problem && (
          <div className="alert alert-warn">
            <ul>
              {preview.problem.fields.map(({ field, message }) => <li key={field}><code>{field.replace(/^draft\./, "")}</code>: {message}</li>)}
              {!preview.problem.fields.length && <li>{preview.problem.message}</li>}
            </ul>
          </div>
        )}
        {decision && !preview.problem && (
          <div className="stack" aria-live="polite" aria-busy={preview.busy || undefined}>
            <RoutePath decision={decision} rules={rules} />
            <Matrix countries={countries} cells={cells} before={stored && draft ? before.decisions?.slice(1) : undefined} visitor={visitor} onPick={(picked) => setVisitor({ ...visitor, ...picked })} />
          </div>
        )}
      </div>
    </Card>
  );
}
