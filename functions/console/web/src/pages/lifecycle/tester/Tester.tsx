import { useMemo, useState } from "react";
import { useHandle, useQueryParts, useZone } from "../../../app/context";
import { useDecisions, useRules } from "../../../api/chain";
import { useGet } from "../../../api/use";
import { useSettled } from "../../../api/useSettled";
import { MAX_TRIGGERS, NAME, type ChainRule } from "../../../core/chain";
import { isSessionId } from "../../../core/sessions";
import { plural } from "../../../core/numbers";
import { invented, previewBody, triggersOf, withDrafts, type Invented } from "../../../core/tester";
import { instant } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { TextBox, Toggle } from "../../../ui/fields";
import { useDraft } from "../../../ui/form";
import { Card, Page } from "../../../ui/Page";
import { Empty, Failed } from "../../../ui/states";
import { Values } from "../../../ui/Values";
import { unsavedRules } from "../rules/drafts";
import { DecisionCard } from "./DecisionCard";
import { Lanes } from "./Lanes";
import { PublicCheck } from "./PublicCheck";
import { SignalRows } from "./SignalRows";

const NONE: Invented[] = [];
const FULL = `One request answers ${MAX_TRIGGERS} triggers.`;

/** The decisions a page would get: for a session that exists or that is made up here, by the rules that are saved or those being edited. */
export default function Tester() {
  const handle = useHandle();
  const zone = useZone();
  const [query, setParts] = useQueryParts();
  const rules = useRules();
  const [at, setAt] = useState(() => Date.now());
  const { value: signals, set, discard } = useDraft<Invented[]>(`${handle}/tester`, NONE);
  const drafts = useMemo(() => unsavedRules(handle), [handle]);
  const withUnsaved = drafts.length > 0 && query.get("drafts") === "on";
  const sessionId = query.get("session") ?? "";
  const settled = useSettled(sessionId);
  const isSession = isSessionId(sessionId);
  const session = useGet("/v2/handles/{handle}/chain/{sessionId}", { path: { sessionId: settled }, when: isSessionId(settled) });
  const triggers = triggersOf(query.get("triggers"), rules.data?.items);
  const used = withUnsaved && rules.data ? withDrafts(rules.data.items, drafts) : null;
  const ready = rules.data !== undefined && (sessionId === "" || isSession);
  const asked = useDecisions(ready ? previewBody(triggers, sessionId, { signals, at }, used) : null);
  const known = isSession && !session.problem && session.data?.sessionId === sessionId ? session.data : undefined;
  const first = asked.decisions && triggers.map((trigger) => asked.decisions?.[trigger]).find((one) => one !== undefined);
  const offered = [...new Set((rules.data?.items ?? []).map(({ trigger }) => trigger as string))].sort();
  const shown = (used ?? rules.data?.items ?? []) as readonly ChainRule[];
  const unsaved = new Set(withUnsaved ? drafts.map(({ ruleId }) => ruleId) : []);
  const copy = () => {
    if (known) set(invented(known.signals, at));
    setParts({ session: null });
  };
  return (
    <Page title="Decision tester" note="What a page shows at each trigger, and why. Nothing is stored, and it costs no write." actions={<Button kind="quiet" icon="undo" onPress={() => { discard(); setParts({ session: null, triggers: null, drafts: null }); }}>Start over</Button>}>
      <div className="builder">
        <div className="stack">
          <Card title="Question" actions={<ApiRequest requests={[asked.request]} />}>
            <div className="form">
              <Values
                label="Triggers" values={triggers} offered={offered} refuse={(value) => (triggers.length >= MAX_TRIGGERS ? FULL : NAME.test(value) ? null : "Letters, digits, _ . : and - only.")}
                onChange={(next) => setParts({ triggers: next.join(",") || "," })} placeholder="checkout"
                help={triggers.length >= MAX_TRIGGERS ? FULL : "Press Enter after each."}
              />
              <TextBox
                label="Session" placeholder="None: only the signals below count" value={sessionId} onChange={(text) => setParts({ session: text })}
                help={known ? `${plural(known.signals.length, "signal")} of its own${known.converted ? ", converted" : ""}.` : session.problem?.status === 404 && isSession ? "It has no signals yet; those below count." : "An id such as sess-1; its own signals count as well."}
                {...(sessionId && !isSession ? { error: "Letters, digits, _ . : and - only." } : {})}
              />
              {drafts.length > 0 && (
                <Toggle
                  label={`Include ${plural(drafts.length, "unsaved rule")}: ${drafts.map(({ ruleId }) => ruleId).join(", ")}`} value={withUnsaved} onChange={(on) => setParts({ drafts: on ? "on" : null })}
                  help="As they are being edited in this tab, in the place of the saved ones."
                />
              )}
              <p className="row small">
                <span className="muted">Decided at <time dateTime={new Date(at).toISOString()}>{instant(at, zone)}</time>.</span>
                <Button size="small" icon="clock" onPress={() => setAt(Date.now())}>Now</Button>
              </p>
            </div>
          </Card>
          {known && known.signals.length > 0 && (
            <Card title="Signals of the session" note="Times before the decision." actions={<Button size="small" onPress={copy}>Copy them to move them</Button>}>
              <Lanes signals={known.signals} at={at} />
            </Card>
          )}
          <Card title="Invented signals" note={sessionId ? "They count beside those of the session." : "The visitor's only ones."}>
            <SignalRows signals={signals} onChange={set} faults={asked.problem?.fields ?? []} />
          </Card>
        </div>
        <div className="stack">
          {rules.problem && <Failed problem={rules.problem} again={rules.again} />}
          {asked.problem && <Refused problem={asked.problem} rules={used ?? []} />}
          {first && !asked.problem && (
            <Card title="Session">
              <div className="stack-small">
                <p data-signals={first.signalsConsidered}>{plural(first.signalsConsidered, "signal")} considered. Segments: {first.segments.map((segment) => <span key={segment} className="tag"><bdi>{segment}</bdi></span>)}</p>
                {isSession && !signals.length && !withUnsaved && <PublicCheck key={`${sessionId} ${triggers.join()} ${at}`} sessionId={sessionId} triggers={triggers} decisions={asked.decisions} />}
              </div>
            </Card>
          )}
          {!triggers.length && rules.data && <Card><Empty title="No trigger">Name one, such as checkout. Rules bring theirs along.</Empty></Card>}
          {!asked.problem && (
            <div className="stack" aria-busy={asked.busy || undefined} data-answers>
              {triggers.map((trigger) => {
                const decision = asked.decisions?.[trigger];
                return decision && <DecisionCard key={trigger} trigger={trigger} decision={decision} rules={shown} unsaved={unsaved} />;
              })}
            </div>
          )}
        </div>
      </div>
    </Page>
  );
}

/** What of the question the API refused; the fields of signals show theirs themselves. */
function Refused({ problem, rules }: { problem: NonNullable<ReturnType<typeof useDecisions>["problem"]>; rules: readonly { ruleId: string }[] }) {
  const name = (field: string): string => field.replace(/^rules\[(\d+)\]/, (_, index: string) => rules[Number(index)]?.ruleId ?? "rule");
  return (
    <>
      <Failed problem={problem} />
      {problem.fields.length > 0 && <ul className="alert alert-warn">{problem.fields.map(({ field, message }) => <li key={field}><code>{name(field)}</code>: {message}</li>)}</ul>}
    </>
  );
}
