import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress, useZone } from "../../../app/context";
import { useList } from "../../../api/list";
import type { Schema } from "../../../api/client";
import { isSessionId } from "../../../core/sessions";
import { instant, relative } from "../../../core/time";
import { Button } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { TextBox } from "../../../ui/fields";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";

type Click = Schema["ClickRow"] & { sessionId: string };

/** Finds a session by its id; those of the latest clicks are offered. One request. */
export default function Sessions() {
  const address = useAddress();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState("");
  const id = typed.trim();
  const fault = id && !isSessionId(id) ? { error: "Letters, digits, _ . : and - only." } : {};
  const clicks = useList("/v2/handles/{handle}/clicks", { query: { limit: 100 } });
  const rows = latest(clicks.data ?? []);
  const columns = useColumns();
  return (
    <Page title="Sessions" note="A session is what one visitor did: the signals that pages sent under one id." asOf={clicks.at}>
      <Card title="Look up">
        <form
          className="form-row"
          onSubmit={(event) => {
            event.preventDefault();
            if (isSessionId(id)) navigate(address(`lifecycle/sessions/${id}`));
          }}
        >
          <TextBox label="Session id" placeholder="sess-1" value={typed} onChange={setTyped} help="The one that the page sends with its signals." {...fault} />
          <div className="row row-end"><Button type="submit" kind="primary" isDisabled={!isSessionId(id)}>Open</Button></div>
        </form>
      </Card>
      <Card title="Of the latest clicks" note="Newest first; each session once." flush>
        <Loaded of={clicks} lines={8}>
          {() => (
            <DataTable
              label="Sessions of the latest clicks" columns={columns} rows={rows} rowKey={({ sessionId }) => sessionId} requests={[clicks.request]}
              href={({ sessionId }) => address(`lifecycle/sessions/${sessionId}`)}
              foot={<>Among the newest {clicks.data?.length} clicks. {clicks.more && <Button size="small" onPress={clicks.more} isDisabled={clicks.loadingMore}>Look further back</Button>}</>}
              empty={
                <Empty title="No click with a session" action={clicks.more ? <Button onPress={clicks.more}>Look further back</Button> : <Link href={address("lifecycle/get-started")} className="button button-plain">Get started</Link>}>
                  A link that is opened with <code>?sid=</code> brings the visitor's session along; the browser script does it by itself.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}

/** The newest click of each session. */
function latest(clicks: readonly Schema["ClickRow"][]): Click[] {
  const found = new Map<string, Click>();
  for (const click of clicks) if (click.sessionId && !found.has(click.sessionId)) found.set(click.sessionId, { ...click, sessionId: click.sessionId });
  return [...found.values()];
}

function useColumns(): Column<Click>[] {
  const zone = useZone();
  const now = useNow();
  return [
    { id: "session", name: "Session", cell: ({ sessionId }) => sessionId },
    { id: "when", name: "Last click", cell: ({ clickedAt }) => <time dateTime={clickedAt} title={instant(clickedAt, zone)}>{relative(clickedAt, now)}</time> },
    { id: "link", name: "Link", cell: ({ slug }) => slug },
    { id: "segments", name: "Segments then", cell: ({ segments }) => <span className="row">{segments.map((segment) => <span key={segment} className="tag"><bdi>{segment}</bdi></span>)}</span> },
  ];
}
