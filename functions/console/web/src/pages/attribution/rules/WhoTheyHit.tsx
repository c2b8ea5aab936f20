import { useState } from "react";
import { useQueryParts, useZone } from "../../../app/context";
import { useGet } from "../../../api/use";
import { usePreview } from "../../../api/usePreview";
import { deciders, type HandleRule } from "../../../core/handleRules";
import type { LinkBody } from "../../../core/linkBody";
import { matrixCountries, matrixVisits, NO_VISITOR, visitOf, type Visitor } from "../../../core/preview";
import { fromLocal } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Choice } from "../../../ui/Choice";
import { Card } from "../../../ui/Page";
import { Failed } from "../../../ui/states";
import { Matrix } from "../builder/Matrix";
import { RoutePath } from "../builder/RoutePath";
import { VisitorFields } from "../builder/VisitorFields";

/** A link that is nowhere stored and has no rules of its own: what is left to decide are those of the handle. */
const BARE_SLUG = "preview";
const BARE = { destinationUrl: "https://example.com/the-link's-own-destination" } as LinkBody;
const ANY_LINK = "";

/** Whom the rules send where: one visitor step by step, and the usual countries and devices at once. Two requests. */
export function WhoTheyHit({ rules }: { rules: readonly HandleRule[] }) {
  const zone = useZone();
  const [query, setParts] = useQueryParts();
  const [visitor, setVisitor] = useState<Visitor>(NO_VISITOR);
  const links = useGet("/v2/handles/{handle}/links", { query: { limit: 100 } });
  const slug = query.get("link") ?? ANY_LINK;
  const options = [{ id: ANY_LINK, name: "A link without rules of its own", note: "" }, ...(links.data?.items ?? []).map(({ slug: id, title }) => ({ id: id as string, name: id as string, note: title ?? "" }))];
  const visit = visitOf(visitor, fromLocal(visitor.at, zone));
  const on = rules.filter(({ enabled }) => enabled);
  const countries = matrixCountries(on.map(({ when }) => ({ conditions: when })));
  // The rules are stored, so a change of them is another question although the request is the same.
  const preview = usePreview(slug || BARE_SLUG, [visit, ...matrixVisits(visit, countries)], slug ? null : BARE);
  const [decision, ...cells] = preview.decisions ?? [];
  return (
    <Card title="Who they hit" note="With the rules as they are stored." actions={<ApiRequest requests={[preview.request]} />}>
      <div className="stack">
        <Choice label="On" options={options} value={slug} onChange={(link) => setParts({ link })} />
        <VisitorFields visitor={visitor} onChange={setVisitor} />
        {preview.problem && <Failed problem={preview.problem} />}
        {decision && !preview.problem && (
          <div className="stack" aria-live="polite" aria-busy={preview.busy || undefined}>
            <RoutePath decision={decision} rules={[]} />
            <Matrix countries={countries} cells={cells} before={undefined} visitor={visitor} onPick={(picked) => setVisitor({ ...visitor, ...picked })} />
            <p className="muted small">Of {cells.length} kinds of visitors: {deciders(cells).map(([name, count]) => `${name} ${count}`).join(", ")}.</p>
          </div>
        )}
      </div>
    </Card>
  );
}
