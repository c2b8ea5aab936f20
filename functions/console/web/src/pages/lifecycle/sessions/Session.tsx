import { useState } from "react";
import { useParams } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress, useZone } from "../../../app/context";
import type { Request } from "../../../api/client";
import { useGet } from "../../../api/use";
import { plural } from "../../../core/numbers";
import { isSessionId, whyOf, type Session as SessionData, type Signal } from "../../../core/sessions";
import { instant, relative } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { PrivacyLink } from "../../settings/privacy/PrivacyLink";
import { Lanes } from "../tester/Lanes";
import { SessionClicks, SessionConversions } from "./Related";

/** An id as it is: the router leaves a colon encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** One session: its signals in time, its segments and why it has each. One request; its clicks and conversions on demand. */
export default function Session() {
  const sessionId = decoded(useParams<{ sessionId: string }>().sessionId ?? "");
  const address = useAddress();
  const known = isSessionId(sessionId);
  const session = useGet("/v2/handles/{handle}/chain/{sessionId}", { path: { sessionId }, when: known });
  const missing = !known || session.problem?.status === 404;
  const test = address(`lifecycle/tester?session=${encodeURIComponent(sessionId)}`);
  return (
    <Page
      title={<>Session <bdi>{sessionId}</bdi></>} name={`Session ${sessionId}`} asOf={missing ? undefined : session.at}
      note={session.data && !missing ? <Note session={session.data} /> : undefined}
      actions={<>{known && <PrivacyLink by="sessionId" id={sessionId} />}{known && <ButtonLink icon="split" href={test}>Test decisions</ButtonLink>}<CopyButton text={sessionId} label="Copy the session's id" /><ApiRequest requests={[session.request]} /></>}
    >
      {missing ? (
        <Card>
          <Empty title="There is no such session" action={<ButtonLink href={address("lifecycle/sessions")}>Look up another</ButtonLink>}>
            {known ? "It has no signal of the last 30 days and no conversion." : "An id has letters, digits, and the signs _ . : and - only; the name rules is taken by the API itself."}
          </Empty>
        </Card>
      ) : (
        <Loaded of={session} lines={10}>
          {(data) => (
            <div className="stack">
              <div className="grid-2">
                <Segments session={data} />
                <div className="stack">
                  <SessionConversions sessionId={sessionId} converted={data.converted} />
                  <SessionClicks sessionId={sessionId} />
                </div>
              </div>
              <Signals signals={data.signals} request={session.request} />
            </div>
          )}
        </Loaded>
      )}
    </Page>
  );
}

function Note({ session }: { session: SessionData }) {
  const zone = useZone();
  return (
    <span className="row">
      {plural(session.signals.length, "signal")}
      <span className={`tag ${session.converted ? "tag-good" : ""}`}>{session.converted ? "Converted" : "Not converted"}</span>
      {session.expiresAt && <span>Its last signal counts until {instant(session.expiresAt, zone)}.</span>}
    </span>
  );
}

function Segments({ session }: { session: SessionData }) {
  return (
    <Card title="Segments" note="In order of precedence: clicks and conversions are reported under the first.">
      <ol className="stack" aria-label="Segments">
        {session.segments.map((segment, index) => (
          <li key={segment} className="stack-small">
            <span className="row"><span className={`tag ${index === 0 ? "tag-accent" : ""}`}><bdi>{segment}</bdi></span>{index === 0 && <span className="muted small">reported</span>}</span>
            <span><bdi>{whyOf(segment, session)}</bdi></span>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Signals({ signals, request }: { signals: readonly Signal[]; request: Request }) {
  const zone = useZone();
  const now = useNow();
  const [shown] = useState(now);
  const columns: Column<Signal & { id: string }>[] = [
    { id: "key", name: "Signal", cell: ({ signalKey }) => <strong>{signalKey}</strong> },
    { id: "value", name: "Value", cell: ({ signalValue }) => signalValue && <bdi className="cut" title={signalValue}>{signalValue}</bdi> },
    { id: "confidence", name: "Confidence", align: "end", cell: ({ confidence }) => confidence },
    { id: "when", name: "When", cell: ({ occurredAt }) => <time dateTime={occurredAt} title={relative(occurredAt, now)}>{instant(occurredAt, zone)}</time> },
    { id: "source", name: "Source", cell: ({ source }) => source && <bdi>{source}</bdi> },
    { id: "metadata", name: "More", cell: ({ metadata }) => metadata && <code className="cut" title={JSON.stringify(metadata)}>{JSON.stringify(metadata)}</code> },
  ];
  if (!signals.length) return <Card title="Signals"><p className="muted">None of the last 30 days.</p></Card>;
  const rows = signals.map((signal, index) => ({ ...signal, id: String(index) })).reverse();
  return (
    <>
      <Card title="Time line" note="Times before now."><Lanes signals={signals} at={shown} /></Card>
      <Card title="Signals" note="Newest first." flush><DataTable label="Signals" columns={columns} rows={rows} rowKey={({ id }) => id} requests={[request]} /></Card>
    </>
  );
}
