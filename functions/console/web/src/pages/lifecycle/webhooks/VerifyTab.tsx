import { useState } from "react";
import { Code } from "../../../ui/ApiRequest";
import { Card } from "../../../ui/Page";
import { Segments } from "../../../ui/Segments";
import { MAX_GRACE_DAYS } from "../../../core/webhooks";
import node from "./verify/verify.mjs?raw";
import plain from "./verify/hmac.mjs?raw";
import python from "./verify/verify.py?raw";
import rust from "./verify/verify.rs?raw";

// The very files that the tests run against messages of the server.
const SNIPPETS = [
  { id: "rust", name: "Rust", text: rust },
  { id: "node", name: "Node", text: node },
  { id: "python", name: "Python", text: python },
  { id: "plain", name: "Plain HMAC", text: plain },
] as const;

const STEPS = [
  ["The body as it came", "Verify the bytes before any JSON parser: another order of members has another signature."],
  ["webhook-signature", "Standard Webhooks: v1 and the base64 HMAC-SHA-256 of id.timestamp.body, one for each live secret."],
  ["At most 300 seconds old", "Refuse a webhook-timestamp further away, so that a recorded message cannot be sent again."],
  ["Once for each webhook-id", "Retries and replays have the same id. Remember the ids, and answer 2xx to one you know."],
  ["2xx within 10 seconds", "Take the message in, answer, then work on it. Any other answer is retried; 410 disables the endpoint."],
] as const;

/** How a receiver verifies messages, in four languages. */
export function VerifyTab() {
  const [chosen, setChosen] = useState<(typeof SNIPPETS)[number]["id"]>(SNIPPETS[0].id);
  const snippet = SNIPPETS.find(({ id }) => id === chosen) ?? SNIPPETS[0];
  return (
    <div className="grid-side">
      <Card title="Code" note="Each is tested with messages of this very API.">
        <div className="stack">
          <Segments label="Language" options={SNIPPETS} value={snippet.id} onChange={setChosen} />
          <Code text={snippet.text} label={`Verification in ${snippet.name}`} />
        </div>
      </Card>
      <Card title="What to check">
        <dl className="stack">
          {STEPS.map(([name, text]) => <div key={name}><dt><strong>{name}</strong></dt><dd className="muted">{text}</dd></div>)}
        </dl>
        <p className="muted small">After a rotation both secrets sign for up to {MAX_GRACE_DAYS} days, so a receiver with either of them goes on.</p>
      </Card>
    </div>
  );
}
