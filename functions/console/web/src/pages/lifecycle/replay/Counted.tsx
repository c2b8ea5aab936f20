import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import type { Request } from "../../../api/client";
import { address as apiAddress } from "../../../api/address";
import { problemOf, type Problem } from "../../../api/problem";
import { replayBody, replayRange, type Progress } from "../../../api/replay";
import { count as number, plural } from "../../../core/numbers";
import type { Choice, Count } from "../../../core/replay";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button, ButtonLink } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Empty, Failed } from "../../../ui/states";
import { Outcome } from "./Outcome";

type Props = { choice: Choice; count: Count; nameOf: (endpoint: string) => string; /** Counts from the oldest delivery on, where the range does not. */ countAll?: () => void };
type State = { at: "asked" } | { at: "running" | "stopped" | "done" | "failed"; progress: Progress; problem?: Problem };

const NONE: Progress = { sent: 0, cursor: null, since: null };

/** What would be sent, the question, and then how far it is. */
export function Counted({ choice, count, nameOf, countAll }: Props) {
  const handle = useHandle();
  const address = useAddress();
  const client = useQueryClient();
  const [state, setState] = useState<State>({ at: "asked" });
  const stopped = useRef(false);
  // Leaving the page ends it after the call that is under way.
  useEffect(() => () => void (stopped.current = true), []);
  const run = async (from: Progress) => {
    stopped.current = false;
    let now = from;
    const progress = (next: Progress) => {
      now = next;
      setState({ at: "running", progress: next });
    };
    setState({ at: "running", progress: from });
    try {
      await replayRange(handle, choice, from, progress, () => stopped.current);
      setState({ at: now.cursor ? "stopped" : "done", progress: now });
    } catch (thrown) {
      setState({ at: "failed", progress: now, problem: problemOf(thrown) });
    }
    void client.invalidateQueries();
  };
  if (!count.events) return <Card title="Nothing to send"><Nothing count={count} nameOf={nameOf} countAll={countAll} /></Card>;
  const request: Request = { verb: "post", address: apiAddress("/v2/handles/{handle}/deliveries/replay", { handle }), body: replayBody(choice, null) };
  return (
    <Card title={`${plural(count.events, "event")} to send again`} actions={<ApiRequest requests={[request]} />}>
      <div className="stack">
        <ul className="stack-small">
          {[...count.byEndpoint].map(([endpoint, events]) => <li key={endpoint}><strong>{number(events)}</strong> to <bdi>{nameOf(endpoint)}</bdi></li>)}
        </ul>
        <LeftOut count={count} nameOf={nameOf} />
        {state.at === "asked" ? (
          <div className="form-foot">
            <Button kind="primary" icon="send" autoFocus onPress={() => void run(NONE)}>Replay {plural(count.events, "event")}</Button>
            <span className="muted">{count.calls === 1 ? "It costs one write." : `It costs about ${plural(count.calls, "write")}: one for each hundred deliveries.`}</span>
          </div>
        ) : (
          <>
            <progress className="progress" aria-label="Events sent again" max={Math.max(count.events, state.progress.sent)} value={state.progress.sent} />
            <p role="status">{words(state.at, state.progress, count.events)}</p>
            {state.at === "failed" && state.problem && <Failed problem={state.problem} />}
            <div className="form-foot">
              {state.at === "running" && <Button autoFocus onPress={() => void (stopped.current = true)}>Stop</Button>}
              {(state.at === "stopped" || state.at === "failed") && <Button kind="primary" autoFocus onPress={() => void run(state.progress)}>Go on</Button>}
              {state.progress.since && <ButtonLink href={address(`lifecycle/deliveries?since=${encodeURIComponent(state.progress.since)}${choice.endpoint ? `&endpoint=${choice.endpoint}` : ""}`)}>See the new deliveries</ButtonLink>}
            </div>
            {state.progress.since && <Outcome since={state.progress.since} endpoint={choice.endpoint} sent={state.progress.sent} />}
          </>
        )}
      </div>
    </Card>
  );
}

function words(at: State["at"], { sent }: Progress, all: number): string {
  switch (at) {
    case "running":
      return `${number(sent)} of ${plural(all, "event")} sent again …`;
    case "stopped":
      return `Stopped after ${plural(sent, "event")}. What was sent stays sent; going on sends the rest, each once.`;
    case "failed":
      return `${number(sent)} of ${plural(all, "event")} were sent again. Going on sends the rest, each once.`;
    default:
      return `${plural(sent, "event")} sent again, each once under its own id.`;
  }
}

function Nothing({ count, nameOf, countAll }: Pick<Props, "count" | "nameOf"> & { countAll: Props["countAll"] }) {
  return (
    <>
      {count.leftOut.size ? (
        <Empty title="Nothing can be sent yet">Enable the endpoint, then count again.</Empty>
      ) : (
        <Empty title="No event needs it" action={countAll && <Button onPress={countAll}>Count those of all 30 days</Button>}>
          Every event of this time that matches has been delivered or sent again since.
        </Empty>
      )}
      <LeftOut count={count} nameOf={nameOf} />
    </>
  );
}

/** Endpoints whose events cannot be sent, with what to do. */
function LeftOut({ count: { leftOut }, nameOf }: Pick<Props, "count" | "nameOf">) {
  const address = useAddress();
  if (!leftOut.size) return null;
  return (
    <ul className="stack-small">
      {[...leftOut].map(([endpoint, events]) => (
        <li key={endpoint} className="alert alert-warn alert-line">
          <span>{plural(events, "event")} of <bdi>{nameOf(endpoint)}</bdi> {events === 1 ? "is" : "are"} left out: it is disabled or deleted.</span>
          <Link href={address(`lifecycle/webhooks/${endpoint}?tab=settings`)}>Enable it</Link>
        </li>
      ))}
    </ul>
  );
}
