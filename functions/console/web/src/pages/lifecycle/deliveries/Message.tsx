import { useState } from "react";
import { useAddress } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { prettyJson } from "../../../core/decimal";
import { subjectOf } from "../../../core/deliveries";
import { Code } from "../../../ui/ApiRequest";
import { ButtonLink } from "../../../ui/Button";
import { Toggle } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import css from "./deliveries.module.css";

/** What is sent: its headers, and its body to the byte. */
export function Message({ request, type }: { request: Schema["DeliveryRequest"] | null | undefined; type: string }) {
  const address = useAddress();
  const [exact, setExact] = useState(false);
  if (!request) return <Card title="Request"><p className="muted">The message has expired: messages are kept for 30 days.</p></Card>;
  const subject = subjectOf(type, payloadOf(request.body));
  return (
    <Card title="Request" note="The body has the same bytes in every attempt and replay. Signatures are withheld here." actions={subject && <ButtonLink size="small" kind="quiet" href={address(subject.page)}>{subject.name}</ButtonLink>}>
      <div className="stack">
        <dl className={css.headers} aria-label="Headers">
          {Object.entries(request.headers).sort().map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name}-value`} className={value === "withheld" ? "muted" : undefined}>{value}</dd>])}
        </dl>
        <Toggle label="The exact bytes" value={exact} onChange={setExact} />
        <Code text={exact ? request.body : prettyJson(request.body)} label="Body" />
      </div>
    </Card>
  );
}

function payloadOf(body: string): Record<string, unknown> {
  try {
    const message = JSON.parse(body) as { payload?: Record<string, unknown> } | null;
    return message?.payload ?? {};
  } catch {
    return {};
  }
}
