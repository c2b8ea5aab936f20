import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress, useZone } from "../../../app/context";
import { useList, type Listing } from "../../../api/list";
import { money } from "../../../core/money";
import { count } from "../../../core/numbers";
import { instant, relative } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";

type OfSession = { sessionId?: string | null };
type Props<T> = { title: string; many: string; list: Listing<T>; asked: boolean; ask: () => void; sessionId: string; keyOf: (item: T) => string; row: (item: T) => ReactNode; none: string };

/** The conversions of a session, found among the newest ones: the API lists them by time, not by session. */
export function SessionConversions({ sessionId, converted }: { sessionId: string; converted: boolean }) {
  const address = useAddress();
  const [asked, setAsked] = useState(false);
  const list = useList("/v2/handles/{handle}/conversions", { query: { limit: 100 }, when: asked });
  return (
    <Found
      title="Conversions" many="conversions" list={list} asked={asked} ask={() => setAsked(true)} sessionId={sessionId} keyOf={({ conversionId }) => conversionId}
      none={converted ? "It has converted; the conversion is older than those." : "It has not converted within 30 days."}
      row={({ conversionId, eventType, acceptedAt, netValue, value, currency }) => (
        <><Link href={address(`attribution/conversions/${conversionId}`)}>{eventType}{value != null && `, ${money(netValue ?? value, currency)}`}</Link> <When at={acceptedAt} /></>
      )}
    />
  );
}

/** The clicks of a session, found among the newest ones. */
export function SessionClicks({ sessionId }: { sessionId: string }) {
  const address = useAddress();
  const [asked, setAsked] = useState(false);
  const list = useList("/v2/handles/{handle}/clicks", { query: { limit: 100 }, when: asked });
  return (
    <Found
      title="Clicks" many="clicks" list={list} asked={asked} ask={() => setAsked(true)} sessionId={sessionId} keyOf={({ clickId }) => clickId} none="None with this session among those."
      row={({ slug, clickedAt, country, source, verdict }) => (
        <><Link href={address(`attribution/links/${slug}`)}>{slug}</Link> <span className="muted">{country}, <bdi>{source}</bdi>{verdict === "bot" && ", bot"}</span> <When at={clickedAt} /></>
      )}
    />
  );
}

function When({ at }: { at: string }) {
  const zone = useZone();
  return <time className="muted small" dateTime={at} title={instant(at, zone)}>{relative(at, useNow())}</time>;
}

function Found<T extends OfSession>({ title, many, list, asked, ask, sessionId, keyOf, row, none }: Props<T>) {
  const of = (list.data ?? []).filter((item) => item.sessionId === sessionId);
  return (
    <Card title={title} note={asked && list.data ? `Among the newest ${count(list.data.length)} ${many} of the handle.` : undefined} actions={asked && <ApiRequest requests={[list.request]} />}>
      {!asked ? (
        <Button size="small" icon="search" onPress={ask}>Look for its {many}</Button>
      ) : (
        <Loaded of={list} lines={3}>
          {() => (
            <div className="stack-small">
              {of.length ? <ul className="stack-small" aria-label={title}>{of.map((item) => <li key={keyOf(item)}>{row(item)}</li>)}</ul> : <p className="muted">{none}</p>}
              {list.more && <Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Look further back</Button>}
            </div>
          )}
        </Loaded>
      )}
    </Card>
  );
}
