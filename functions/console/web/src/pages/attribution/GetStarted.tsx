import { useState } from "react";
import { Link } from "wouter";
import { useAddress, useHandle, useQueryParts } from "../../app/context";
import { address as addressOf } from "../../api/address";
import type { Request } from "../../api/client";
import { member } from "../../api/run";
import { useGet } from "../../api/use";
import { typedAmount } from "../../core/campaigns";
import { ctxIn } from "../../core/ctx";
import { exactNumber } from "../../core/decimal";
import { SLUG } from "../../core/links";
import { count } from "../../core/numbers";
import { quota } from "../../core/quota";
import { instant } from "../../core/time";
import { ApiStep, Step } from "../../ui/ApiStep";
import { Button } from "../../ui/Button";
import { TextBox } from "../../ui/fields";
import { useDraft } from "../../ui/form";
import { Card, Page } from "../../ui/Page";

type Progress = { slug: string; arrived: string; event: string; value: string; currency: string; key: string; done: string[] };

/** The first steps, of a link that exists already if the address names one. */
const begin = (query: URLSearchParams): Progress => ({
  slug: query.get("link") ?? "launch",
  arrived: "",
  event: query.get("event") ?? "purchase",
  value: "24.99",
  currency: query.get("currency") ?? "EUR",
  key: `order-${Date.now()}`,
  done: query.has("link") ? ["link"] : [],
});

const CURRENCY = /^[a-z]{3}$/i;

/** The first link, its routing, a click, and a conversion that counts once: each step is a real request. */
export default function GetStarted() {
  const handle = useHandle();
  const address = useAddress();
  const [query] = useQueryParts();
  const [start] = useState(() => begin(query));
  const [round, setRound] = useState(0);
  const { value: kept, set } = useDraft<Progress>(`${handle}/get-started/${query.get("link") ?? ""}`, start);
  // A tab may keep progress from before a field was added.
  const progress = { ...start, ...kept };
  // Another order number, so that the first conversion is a new one again; the answers go with the round.
  const startOver = () => {
    set(begin(query));
    setRound(round + 1);
  };
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  const finish = (step: string) => set({ ...progress, done: [...new Set([...progress.done, step])] });
  const done = (step: string): boolean => progress.done.includes(step);
  const { slug, arrived } = progress;
  const ctx = ctxIn(arrived);
  const link = SLUG.test(slug) ? addressOf("/v2/handles/{handle}/links/{slug}", { handle, slug }) : null;
  const shortUrl = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug }, when: done("link") }).data?.shortUrl;
  const conversion = (of: string | null): Request | null => {
    const amount = typedAmount(progress.value);
    if (!of || amount === false || !progress.key.trim() || !progress.event.trim() || (amount && !CURRENCY.test(progress.currency.trim()))) return null;
    const worth = amount ? { value: exactNumber(amount), currency: progress.currency.trim().toUpperCase() } : {};
    return { verb: "post", address: "/v2/public/conversions", body: { ctx: of, eventType: progress.event.trim(), ...worth, idempotencyKey: progress.key.trim() }, open: true };
  };
  // What is sent again has to be what was sent.
  const order = (parts: Partial<Progress>) => set({ ...progress, ...parts, done: progress.done.filter((step) => step !== "conversion" && step !== "again") });
  const left = usage.data && quota(usage.data);
  return (
    <Page title="Get started" note="Create a tracked link, follow it, report a conversion. Every step is a real request, with its cURL." actions={<Button kind="quiet" icon="undo" onPress={startOver}>Start over</Button>}>
      <Card>
        <ol key={round} className="steps">
          <ApiStep
            title="1. Create a tracked link" action="Create the link" done={done("link")} onDone={() => finish("link")} expect={[201, 412]}
            request={link !== null ? { verb: "put", address: link, headers: { "if-none-match": "*" }, body: { destinationUrl: "https://example.com/product", tracking: { utmSource: "suite", utmCampaign: "spring" }, routingRules: [] } } : null}
            says={({ status }) => (status === 412 ? "There is a link with this slug: it is used as it is." : "The answer has its slug and its short address. It cost one write.")}
          >
            <div className="narrow"><TextBox label="Slug" value={slug} onChange={(next) => set({ ...progress, slug: next, arrived: "", done: [] })} {...(SLUG.test(slug) ? {} : { error: "4 to 24 letters, digits, - or _." })} /></div>
          </ApiStep>
          <ApiStep
            title="2. Preview the routing" action="Preview" done={done("preview")} onDone={() => finish("preview")} expect={[200]}
            request={link && done("link") ? { verb: "post", address: `${link}/route-preview`, body: { country: "US", device: "mobile", source: "ad", campaign: "spring" } } : null}
            says={({ body }) => <>This visitor would go to <code>{String(member(body, "destinationUrl") ?? "nowhere")}</code>.</>}
          >
            <p className="muted">A visitor from the US on a phone, from an ad. The same visitor always gets the same decision.</p>
          </ApiStep>
          <Step title="3. Follow the short address" done={ctx !== null}>
            <p className="muted">It opens in a new tab, redirects with 302, and adds a <code>ctx</code> to the destination. Copy the address you arrive at and paste it here.</p>
            <div className="row">
              {shortUrl ? <a className="button button-primary button-small" href={shortUrl} target="_blank" rel="noreferrer">Open {shortUrl.replace(/^https?:\/\//, "")}</a> : <span className="muted small">Create the link first.</span>}
            </div>
            <TextBox label="The address you arrived at" value={arrived} onChange={(next) => set({ ...progress, arrived: next })} placeholder="https://example.com/product?…&ctx=c1…" {...(arrived && !ctx ? { error: "There is no ctx in it." } : {})} />
          </Step>
          <ApiStep
            title="4. Resolve the ctx" action="Resolve" done={done("context")} onDone={() => finish("context")} expect={[200]}
            request={ctx ? { verb: "get", address: addressOf("/v2/public/context", {}, { ctx }), open: true } : null}
            says={({ body }) => <>It is the click <code>{String(member(body, "clickId"))}</code>, read without a store.</>}
          />
          <ApiStep
            title="5. Report a conversion" action="Convert" done={done("conversion")} onDone={() => finish("conversion")} expect={[202]} request={conversion(ctx)}
            says={({ body }) => <>Accepted as <code>{String(member(body, "conversionId"))}</code>. <Link href={address(`attribution/conversions/${String(member(body, "conversionId"))}`)}>See how it is explained</Link></>}
          >
            <p className="muted">The shop sends the ctx back with what was bought. The idempotency key is the number of the order or of the transaction, never that of a session.</p>
            <div className="form-row stretch">
              <TextBox label="Event type" value={progress.event} onChange={(event) => order({ event })} />
              <TextBox label="Idempotency key" value={progress.key} onChange={(key) => order({ key })} />
            </div>
            <div className="form-row stretch">
              <TextBox label="Value" value={progress.value} onChange={(value) => order({ value })} {...(typedAmount(progress.value) === false ? { error: "An amount, such as 24.99, or nothing." } : {})} />
              <TextBox label="Currency" value={progress.currency} onChange={(currency) => order({ currency })} {...(CURRENCY.test(progress.currency.trim()) ? {} : { error: "Three letters, such as EUR." })} />
            </div>
          </ApiStep>
          <ApiStep
            title="Send the same key again" action="Send again" done={done("again")} onDone={() => finish("again")} expect={[200]} request={done("conversion") ? conversion(ctx) : null}
            says={({ body }) => <>deduped is {String(member(body, "deduped"))}: there is still one conversion.</>}
          />
          <ApiStep
            title="Send a ctx that is not genuine" action="Try it" done={done("bad")} onDone={() => finish("bad")} expect={[400]} request={conversion(ctx && `${ctx.slice(0, -4)}AAAA`)}
            says={({ body }) => <>Refused: <code>{String(member(body, "error"))}</code>. A click cannot be forged.</>}
          />
          <Step title="Know the limit of writes" done={Boolean(left)}>
            {left && usage.data && (
              <p>
                {count(left.left)} of {count(left.limit)} writes are left on the plan {usage.data.plan}. The one after the last answers 429 <code>rate_limited</code> with
                the seconds until {instant(left.resetsAt, usage.data.timeZone)}, the next midnight in {usage.data.timeZone}.
              </p>
            )}
          </Step>
        </ol>
      </Card>
    </Page>
  );
}
