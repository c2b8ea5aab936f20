import { useState } from "react";
import { Link } from "wouter";
import { useSecond } from "../../app/clock";
import { useAddress, useHandle, useQueryParts } from "../../app/context";
import { call, type Schema } from "../../api/client";
import { useChange, useGet } from "../../api/use";
import { apiOrigin } from "../../auth/config";
import { plural } from "../../core/numbers";
import { ago, policy, SESSION_ID, tag, testSession } from "../../core/snippet";
import { ApiRequest, Code } from "../../ui/ApiRequest";
import { Button } from "../../ui/Button";
import { TextBox } from "../../ui/fields";
import { Card, Page } from "../../ui/Page";
import { Failed } from "../../ui/states";

const CALLS = `tenx.signal("intent", { value: "basket", confidence: 0.8 });
const { action } = await tenx.resolve("checkout");
await tenx.convert({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey: "order-789" });`;

/** The tag for a site, the policy it needs, and whether its signals arrive. */
export default function Snippet() {
  const handle = useHandle();
  const origin = apiOrigin();
  return (
    <Page title="Snippet" note="One script for your site: it keeps the click of a visitor, sends signals, asks for decisions and reports conversions.">
      <div className="grid-2">
        <div className="stack">
          <Card title="1. Put the tag into every page" note="In the head. It sets no cookie, writes no HTML and never throws into the page.">
            <Code text={tag(origin, handle)} label="Tag" />
          </Card>
          <Card title="2. Allow it, if the site has a Content-Security-Policy" note="Add the origin to these two directives. It needs neither inline code nor eval.">
            <Code text={policy(origin)} label="Content-Security-Policy" />
          </Card>
          <Card title="3. Call it" note="In a script that runs after it: with defer too, or a module. Visitors who opted out have no session, and nothing but their click is kept.">
            <Code text={CALLS} label="Calls" />
          </Card>
        </div>
        <LiveCheck />
      </div>
    </Page>
  );
}

/** Watches one session: a test of this page, or that of a visitor of the site. */
function LiveCheck() {
  const handle = useHandle();
  const [query, setParts] = useQueryParts();
  const session = query.get("session") ?? "";
  const known = SESSION_ID.test(session);
  const [typed, setTyped] = useState(session);
  const reading = useGet("/v2/handles/{handle}/chain/{sessionId}", { path: { sessionId: session }, when: known, every: 2_000 });
  const send = useChange(async (sessionId: string) => {
    const signals = [{ signalKey: "view", signalValue: "console", signalId: crypto.randomUUID?.() ?? String(Math.random()) }];
    return (await call("post", "/v2/public/chain/signals", { body: { handle, sessionId, signals } })).data;
  });
  const test = () => {
    const own = testSession(handle, Math.random().toString(36).slice(2, 12));
    setTyped(own);
    send.mutate(own, { onSuccess: () => setParts({ session: own }) });
  };
  const current = known && !reading.outdated ? reading.data : undefined;
  const missing = reading.problem?.status === 404;
  return (
    <Card title="4. See it arrive" note="Signals are kept by session: watch one, and the newest signal appears here within two seconds." actions={known && <ApiRequest requests={[reading.request]} />}>
      <div className="stack">
        <div className="row">
          <Button kind="primary" icon="send" onPress={test} isDisabled={send.isPending}>Send a test signal</Button>
          <span className="muted small">As the script would send it, in a session of its own.</span>
        </div>
        {send.error && <Failed problem={send.error} />}
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            if (SESSION_ID.test(typed.trim())) setParts({ session: typed.trim() });
          }}
        >
          <TextBox label="Session" placeholder={`sig_${handle}_…`} value={typed} onChange={setTyped} help="On your site, type tenx.session into the browser's console." {...(typed && !SESSION_ID.test(typed.trim()) ? { error: "At most 128 letters, digits and _ . : -" } : {})} />
          <div className="form-foot">
            <Button type="submit" isDisabled={!SESSION_ID.test(typed.trim())}>Watch this session</Button>
            {known && <Button kind="quiet" onPress={() => setParts({ session: null })}>Stop watching</Button>}
          </div>
        </form>
        {known && (current ? <Seen session={current} /> : missing ? <p className="alert"><span>No signal of <code>{session}</code> yet. This is looked at again every two seconds.</span></p> : <p className="muted">Looking …</p>)}
        {known && reading.problem && !missing && <Failed problem={reading.problem} again={reading.again} />}
      </div>
    </Card>
  );
}

function Seen({ session }: { session: Schema["ChainSession"] }) {
  const now = useSecond();
  const address = useAddress();
  const last = session.signals.at(-1);
  if (!last) return <p className="alert">This session has a conversion, and no signal.</p>;
  return (
    <div className="alert alert-good">
      <div className="stack-small">
        {/* Read out when a signal arrives, not at every second that passes. */}
        <span role="status" className="hidden">{plural(session.signals.length, "signal")} arrived.</span>
        <strong>Last signal {ago(last.occurredAt, now)}</strong>
        <span><code>{last.signalKey}</code>{last.signalValue ? `: ${last.signalValue}` : ""}. {plural(session.signals.length, "signal")} in all; segments: {session.segments.join(", ")}.</span>
        <Link href={address(`lifecycle/sessions/${encodeURIComponent(session.sessionId)}`)}>Open the session</Link>
      </div>
    </div>
  );
}
