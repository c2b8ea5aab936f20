import { useState } from "react";
import { useHandle } from "../../app/context";
import { address, type Request } from "../../api/client";
import { member } from "../../api/run";
import { useGet } from "../../api/use";
import { ctxIn } from "../../core/ctx";
import { SLUG } from "../../core/links";
import { count } from "../../core/numbers";
import { quota } from "../../core/quota";
import { instant } from "../../core/time";
import { ApiStep, Step } from "../../ui/ApiStep";
import { Button } from "../../ui/Button";
import { TextBox } from "../../ui/fields";
import { useDraft } from "../../ui/form";
import { Card, Page } from "../../ui/Page";

type Progress = { slug: string; arrived: string; key: string; done: string[] };

const PURCHASE = "purchase";

/** The first link, its routing, a click, and a conversion that counts once: each step is a real request. */
export default function GetStarted() {
  const handle = useHandle();
  const [start] = useState<Progress>(() => ({ slug: "launch", arrived: "", key: `purchase-${Date.now()}`, done: [] }));
  const { value: progress, set, discard } = useDraft<Progress>(`${handle}/get-started`, start);
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  const finish = (step: string) => set({ ...progress, done: [...new Set([...progress.done, step])] });
  const done = (step: string): boolean => progress.done.includes(step);
  const { slug, arrived, key } = progress;
  const ctx = ctxIn(arrived);
  const link = SLUG.test(slug) ? address("/v2/handles/{handle}/links/{slug}", { handle, slug }) : null;
  const shortUrl = useGet("/v2/handles/{handle}/links/{slug}", { path: { slug }, when: done("link") }).data?.shortUrl;
  const conversion = (of: string | null): Request | null =>
    of ? { verb: "post", address: "/v2/public/conversions", body: { ctx: of, idempotencyKey: key, eventType: PURCHASE }, open: true } : null;
  const left = usage.data && quota(usage.data);
  return (
    <Page title="Get started" note="Create a tracked link, follow it, report a conversion. Every step is a real request, with its cURL." actions={<Button kind="quiet" icon="undo" onPress={discard}>Start over</Button>}>
      <Card>
        <ol className="steps">
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
            request={ctx ? { verb: "get", address: address("/v2/public/context", {}, { ctx }), open: true } : null}
            says={({ body }) => <>It is the click <code>{String(member(body, "clickId"))}</code>, read without a store.</>}
          />
          <ApiStep
            title="5. Report a conversion" action="Convert" done={done("conversion")} onDone={() => finish("conversion")} expect={[202]} request={conversion(ctx)}
            says={({ body }) => <>Accepted as <code>{String(member(body, "conversionId"))}</code>.</>}
          >
            <p className="muted">The key is the order's own number: <code>{key}</code>.</p>
          </ApiStep>
          <ApiStep
            title="Send the same key again" action="Send again" done={done("again")} onDone={() => finish("again")} expect={[200]} request={done("conversion") ? conversion(ctx) : null}
            says={({ body }) => <>deduped is {String(member(body, "deduped"))}: there is still one conversion.</>}
          />
          <ApiStep
            title="Send a ctx that is not genuine" action="Try it" done={done("bad")} onDone={() => finish("bad")} expect={[400]} request={conversion(ctx && `${ctx.slice(0, -4)}AAAA`)}
            says={({ body }) => <>Refused: <code>{String(member(body, "error"))}</code>. A visitor cannot make up a click.</>}
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
