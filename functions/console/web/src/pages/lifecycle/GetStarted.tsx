import { useState } from "react";
import { Link } from "wouter";
import { useAddress, useHandle, useRole } from "../../app/context";
import type { Request } from "../../api/client";
import { curl } from "../../api/curl";
import { member } from "../../api/run";
import { useGet } from "../../api/use";
import { NAME } from "../../core/chain";
import { hasEnded, outcomeOf, type Delivery } from "../../core/deliveries";
import { plural } from "../../core/numbers";
import { may } from "../../core/roles";
import { isSessionId } from "../../core/sessions";
import { Code } from "../../ui/ApiRequest";
import { ApiStep, Step } from "../../ui/ApiStep";
import { Button, ButtonLink } from "../../ui/Button";
import { Choice } from "../../ui/Choice";
import { TextBox } from "../../ui/fields";
import { useDraft } from "../../ui/form";
import { Card, Page } from "../../ui/Page";
import { StatusTag } from "./deliveries/Dots";

type Progress = { session: string; trigger: string; done: string[] };
const START: Progress = { session: "sess-1", trigger: "checkout", done: [] };

/** Signals, decisions, a webhook and its test: the steps of lifecycle messaging, each a real request. */
export default function GetStarted() {
  const handle = useHandle();
  const address = useAddress();
  const { value: progress, set, discard } = useDraft<Progress>(`${handle}/lifecycle-get-started`, START);
  const finish = (step: string) => set({ ...progress, done: [...new Set([...progress.done, step])] });
  const done = (step: string): boolean => progress.done.includes(step);
  const { session, trigger } = progress;
  const ready = isSessionId(session) && NAME.test(trigger);
  const asked = (what: string, body: object): Request | null => (ready ? { verb: "post", address: `/v2/public/chain/${what}`, body: { handle, sessionId: session, ...body }, open: true } : null);
  const kept = useGet("/v2/handles/{handle}/chain/{sessionId}", { path: { sessionId: session }, when: isSessionId(session) && done("signals") });
  const there = done("signals") && kept.data?.sessionId === session;
  return (
    <Page title="Get started" note="Send signals, ask for decisions, and receive events. Every step is a real request, with its cURL." actions={<Button kind="quiet" icon="undo" onPress={discard}>Start over</Button>}>
      <Card>
        <ol className="steps">
          <ApiStep
            title="1. Append chain signals" action="Send a signal" done={there} onDone={() => { finish("signals"); kept.again(); }} expect={[202]} request={asked("signals", { signals: [{ type: "view" }] })}
            says={({ body }) => <>Accepted. The session has {plural(Number(member(body, "total")), "signal")} now. <Link href={address(`lifecycle/sessions/${session}`)}>Open the session</Link></>}
          >
            <p className="muted">The page says what a visitor did, under an id of its own for the visit. Anyone may send signals: no token is needed.</p>
            <div className="narrow"><TextBox label="Session" value={session} onChange={(next) => set({ ...progress, session: next, done: progress.done.filter((step) => step === "refused") })} {...(isSessionId(session) ? {} : { error: "Letters, digits, _ . : and - only." })} /></div>
          </ApiStep>
          <ApiStep
            title="2. Resolve a decision" action="Resolve" done={done("resolve")} onDone={() => finish("resolve")} expect={[200]} request={there ? asked("resolve", { trigger }) : null}
            says={({ body }) => <Decided body={body} trigger={trigger} />}
          >
            <p className="muted">The page asks what to show at a trigger, a moment such as checkout or exit. The first chain rule that matches decides.</p>
            <div className="narrow"><TextBox label="Trigger" value={trigger} onChange={(next) => set({ ...progress, trigger: next })} {...(NAME.test(trigger) ? {} : { error: "Letters, digits, _ . : and - only." })} /></div>
          </ApiStep>
          <ApiStep
            title="3. Prefetch several decisions" action="Prefetch" done={done("prefetch")} onDone={() => finish("prefetch")} expect={[200]} request={there ? asked("prefetch", { triggers: [trigger, "exit"] }) : null}
            says={({ body }) => <>{Object.keys(member(body, "decisions") ?? {}).length} decisions in one request, each the same as its resolve. <Link href={address(`lifecycle/tester?session=${encodeURIComponent(session)}&triggers=${encodeURIComponent(`${trigger},exit`)}`)}>See why</Link></>}
          />
          <Refused done={done("refused")} onDone={() => finish("refused")} />
          <Webhooks sent={done("test")} onSent={() => finish("test")} />
        </ol>
      </Card>
    </Page>
  );
}

function Decided({ body, trigger }: { body: unknown; trigger: string }) {
  const address = useAddress();
  const ruleId = member(body, "ruleId");
  if (typeof ruleId === "string") return <>The rule <strong>{ruleId}</strong> decides: {String(member(member(body, "action"), "type"))}.</>;
  return <>No rule matches, so nothing is shown. <Link href={address(`lifecycle/rules/new?trigger=${encodeURIComponent(trigger)}`)}>Create a rule</Link></>;
}

const endpoint = { endpointUrl: "https://hooks.example.com/test", eventTypes: ["link.clicked"] };

/** The refusal that a CREATOR gets: a real one for creators, shown to others. */
function Refused({ done, onDone }: { done: boolean; onDone: () => void }) {
  const handle = useHandle();
  const role = useRole();
  const [open, setOpen] = useState(done);
  const request: Request = { verb: "post", address: `/v2/handles/${handle}/webhooks`, body: endpoint };
  const title = "4. See that a CREATOR cannot subscribe";
  if (role === "CREATOR") {
    return (
      <ApiStep title={title} action="Try it" done={done} onDone={onDone} expect={[403]} request={request} says={({ body }) => <>Refused: <code>{String(member(body, "error"))}</code>. An OPERATOR or the OWNER can.</>}>
        <p className="muted">A webhook receives what happens in the handle, so it takes an OPERATOR to subscribe one.</p>
      </ApiStep>
    );
  }
  const answer = { error: "insufficient_role", message: "your role on this handle is CREATOR, this needs OPERATOR", requestId: "req_…" };
  return (
    <Step title={title} done={done}>
      <p className="muted">You are {role}, so the request would succeed. With the token of a CREATOR it is refused, and nothing is created.</p>
      <div className="row"><Button size="small" kind={done ? "plain" : "primary"} onPress={() => { setOpen(true); onDone(); }}>Show the refusal</Button>{open && <span className="tag tag-warn">403</span>}</div>
      {open && (
        <div className="stack-small stretch">
          <Code text={curl(request).replace("$TOKEN", "$TOKEN_OF_A_CREATOR")} label="Request of a CREATOR" />
          <Code text={JSON.stringify(answer, null, 2)} label="Answer to a CREATOR" />
          <p className="small muted">What to do about it: use the token of an OPERATOR or of the OWNER.</p>
        </div>
      )}
    </Step>
  );
}

/** Subscribing an endpoint, and its test delivery. */
function Webhooks({ sent, onSent }: { sent: boolean; onSent: () => void }) {
  const handle = useHandle();
  const role = useRole();
  const address = useAddress();
  const allowed = may(role, "webhooks");
  const [chosen, setChosen] = useState<string | null>(null);
  // The delivery that was asked for last; an earlier one that has ended must not end the waiting.
  const [expected, setExpected] = useState<string | null>(null);
  const webhooks = useGet("/v2/handles/{handle}/webhooks", { query: { limit: 20 }, when: allowed });
  const active = (webhooks.data?.items ?? []).filter(({ status }) => status === "ACTIVE");
  const webhook = active.find(({ subscriptionId }) => subscriptionId === chosen) ?? active[0];
  const query = { eventType: "webhook.test", limit: 1, ...(webhook ? { subscriptionId: webhook.subscriptionId } : {}) } as const;
  const arrived = ([latest]: readonly Delivery[]): boolean => latest !== undefined && hasEnded(latest) && (expected === null || latest.deliveryId === expected);
  const tests = useGet("/v2/handles/{handle}/deliveries", {
    query, when: allowed && webhook !== undefined, ...(sent || expected ? { every: 1_000, until: ({ items }) => arrived(items) } : {}),
  });
  const delivery = tests.outdated ? undefined : tests.data?.items[0];
  const attempt = delivery?.attempts.at(-1);
  const last = attempt && outcomeOf(attempt);
  const request: Request | null = webhook ? { verb: "post", address: `/v2/handles/${handle}/webhooks/${webhook.subscriptionId}/test`, body: {} } : null;
  return (
    <>
      <Step title="5. Subscribe a webhook" done={webhook !== undefined}>
        <p className="muted">Your server gets a message for every event it subscribes to, signed with a secret that is shown once.</p>
        {!allowed ? <p className="muted small">An OPERATOR or the OWNER does this step and the next one.</p> : (
          <div className="row">
            <ButtonLink size="small" kind={webhook ? "plain" : "primary"} href={address(webhook ? "lifecycle/webhooks" : "lifecycle/webhooks/new")}>{webhook ? "Webhooks" : "Subscribe a webhook"}</ButtonLink>
            {webhook && <span className="small">Subscribed: <code>{webhook.endpointUrl}</code></span>}
          </div>
        )}
      </Step>
      <ApiStep
        title="6. Send a test delivery" action="Send the test" done={delivery?.status === "DELIVERED"} expect={[202]} request={request}
        onDone={({ body }) => { onSent(); setExpected(String(member(body, "deliveryId"))); tests.again(); }} says={({ body }) => <>Accepted as <code>{String(member(body, "eventId"))}</code>; it is sent in the background.</>}
      >
        {active.length > 1 && webhook && <div className="narrow"><Choice label="Endpoint" value={webhook.subscriptionId as string} onChange={setChosen} options={active.map(({ subscriptionId, endpointUrl }) => ({ id: subscriptionId as string, name: endpointUrl }))} /></div>}
        {delivery && (
          <p role="status">
            The latest test: <StatusTag status={delivery.status} />{" "}
            <Link href={address(`lifecycle/deliveries/${delivery.deliveryId}`)}>Open the delivery</Link>
            {last && delivery.status !== "DELIVERED" && <span className="small"> Its last attempt: {last.name.toLowerCase()}. {last.todo}</span>}
          </p>
        )}
      </ApiStep>
    </>
  );
}
