import { useRef, useState } from "react";
import { Link } from "wouter";
import { useAddress, useHandle, useQueryParts, useZone } from "../../../app/context";
import { problemOf } from "../../../api/problem";
import { countReplay } from "../../../api/replay";
import { endpointName, KEPT_DAYS } from "../../../core/deliveries";
import type { Choice, ReplayStatus } from "../../../core/replay";
import { fromLocal, toLocal } from "../../../core/time";
import { Button } from "../../../ui/Button";
import { Choice as Select } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Card, Page } from "../../../ui/Page";
import { Failed, Loaded } from "../../../ui/states";
import { useEndpoints, type Endpoints } from "../deliveries/useEndpoints";
import { Counted } from "./Counted";
import type { Standing } from "./standing";

const ALL = "all";
const DAY_MS = 86_400_000;
/** So often is read which endpoints are enabled. */
const EVERY_MS = 5_000;
/** A clock may be ahead of the server's. */
const MARGIN_MS = 60_000;
const STATUSES: readonly { id: ReplayStatus | typeof ALL; name: string; note: string }[] = [
  { id: ALL, name: "Not delivered", note: "exhausted or cancelled" },
  { id: "EXHAUSTED", name: "Exhausted", note: "every attempt failed" },
  { id: "CANCELLED", name: "Cancelled", note: "the endpoint was disabled" },
  { id: "DELIVERED", name: "Delivered", note: "sends them once more" },
];

/** Sends the events of a time again: choose, count, confirm, watch. */
export default function Replay() {
  const endpoints = useEndpoints(EVERY_MS);
  return (
    <Page title="Replay" note="Sends events of the last 30 days again, each under its own event id: a receiver that remembers ids acts once.">
      <Loaded of={endpoints.reading} lines={5}>{() => <Chooser endpoints={endpoints} />}</Loaded>
    </Page>
  );
}

function Chooser({ endpoints }: { endpoints: Endpoints }) {
  const handle = useHandle();
  const zone = useZone();
  const [query, setParts] = useQueryParts();
  const [opened] = useState(() => Date.now());
  const [standing, setStanding] = useState<Standing>({ at: "choosing" });
  const stop = useRef<AbortController>(undefined);
  const endpoint = query.get("endpoint");
  // An endpoint is looked at for what it missed, and it may have been disabled for days.
  const [oldest, day] = [before(opened, KEPT_DAYS), before(opened, 1)];
  const [since, until] = [momentOf(query.get("since")) ?? (endpoint ? oldest : day), momentOf(query.get("until"))];
  const status = STATUSES.find(({ id }) => id === query.get("status"))?.id ?? ALL;
  // A change of what is chosen makes a count that was made worthless.
  const set = (parts: Record<string, string | null>) => {
    stop.current?.abort();
    setStanding({ at: "choosing" });
    setParts(parts);
  };
  const fault = faultOf(since, until, opened);
  const count = async (from = since) => {
    if (fault) return;
    const choice: Choice = { ...kept(from, until), endpoint, status: status === ALL ? null : status };
    const control = new AbortController();
    stop.current = control;
    setStanding({ at: "counting", looked: 0 });
    try {
      const counter = await countReplay(handle, choice, (looked) => setStanding({ at: "counting", looked }), control.signal);
      const active = new Set([...endpoints.known.values()].filter((one) => one.status === "ACTIVE").map((one) => one.subscriptionId as string));
      setStanding({ at: "counted", choice, count: counter.count(active), looked: counter.looked });
    } catch (thrown) {
      setStanding(control.signal.aborted ? { at: "choosing" } : { at: "failed", problem: problemOf(thrown) });
    }
  };
  const countAll = () => {
    set({ since: oldest });
    void count(oldest);
  };
  const busy = standing.at === "counting";
  const options = [{ id: ALL, name: "All active endpoints" }, ...[...endpoints.known.values()].map((one) => ({ id: one.subscriptionId as string, name: endpointName(one) }))];
  return (
    <div className="stack">
      <Card title="Which events">
        <form className="form" onSubmit={(event) => { event.preventDefault(); void count(); }}>
          <div className="form-row">
            <Select label="Endpoint" options={options} value={endpoint ?? ALL} onChange={(id) => set({ endpoint: id === ALL ? null : id })} />
            <Select label="Their newest delivery was" options={STATUSES} value={status} onChange={(id) => set({ status: id === ALL ? null : id })} />
            <TextBox label={`From (${zone})`} type="datetime-local" value={toLocal(since, zone)} onChange={(text) => set({ since: fromLocal(text, zone) })} {...(fault?.field === "since" ? { error: fault.text } : {})} />
            <TextBox label={`Until (${zone})`} type="datetime-local" value={toLocal(until, zone)} onChange={(text) => set({ until: fromLocal(text, zone) })} help="Empty: now." {...(fault?.field === "until" ? { error: fault.text } : {})} />
          </div>
          <DisabledEndpoint endpoints={endpoints} endpoint={endpoint} />
          <div className="form-foot">
            <Button type="submit" kind={standing.at === "counted" ? "plain" : "primary"} isDisabled={busy || fault !== null}>Count them</Button>
            {busy && <Button onPress={() => stop.current?.abort()}>Stop</Button>}
            <span role="status" className="muted">{busy ? `Looked at ${standing.looked} deliveries …` : standing.at === "choosing" ? "Counting changes nothing and costs no write." : ""}</span>
          </div>
        </form>
      </Card>
      {standing.at === "failed" && <Failed problem={standing.problem} again={() => void count()} />}
      {standing.at === "counted" && <Counted key={`${standing.choice.until} ${standing.looked}`} choice={standing.choice} count={standing.count} nameOf={endpoints.nameOf} {...(since === oldest ? {} : { countAll })} />}
    </div>
  );
}

const before = (now: number, days: number): string => new Date(now - days * DAY_MS).toISOString();

/** The range, not older than what is kept, and with an end: what comes while it is counted and sent belongs to another replay. */
const kept = (since: string, until: string | null): Pick<Choice, "since" | "until"> => ({
  since: new Date(Math.max(Date.parse(since), Date.now() - KEPT_DAYS * DAY_MS + MARGIN_MS)).toISOString(),
  until: until ?? new Date().toISOString(),
});

const momentOf = (text: string | null): string | null => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null);

function faultOf(since: string, until: string | null, now: number): { field: "since" | "until"; text: string } | null {
  if (Date.parse(since) < now - KEPT_DAYS * DAY_MS - MARGIN_MS) return { field: "since", text: `Deliveries are kept for ${KEPT_DAYS} days.` };
  if (Date.parse(since) > now) return { field: "since", text: "This is in the future." };
  return until !== null && until < since ? { field: "until", text: "It ends before it begins." } : null;
}

function DisabledEndpoint({ endpoints, endpoint }: { endpoints: Endpoints; endpoint: string | null }) {
  const address = useAddress();
  const found = endpoint ? endpoints.known.get(endpoint) : undefined;
  if (!endpoint || found?.status === "ACTIVE") return null;
  if (!found) return <p className="alert alert-warn">This endpoint is deleted: nothing can be sent to it.</p>;
  return (
    <p className="alert alert-warn">
      <span><bdi>{endpointName(found)}</bdi> is disabled, so nothing can be sent to it.</span>
      <Link href={address(`lifecycle/webhooks/${endpoint}?tab=settings`)}>Enable it</Link>
    </p>
  );
}
