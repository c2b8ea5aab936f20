import { useState } from "react";
import { useFunnel } from "../api/report";
import { useList } from "../api/list";
import { useGet, type Reading } from "../api/use";
import { useQuiet } from "../api/useQuiet";
import type { Schema } from "../api/client";
import { remember, remembered } from "../core/device";
import { campaignNotes, healthNotes, isUnread, look, lookOf, notes, ordered, quotaNotes, type Look, type Note } from "../core/notes";
import { rangeOf } from "../core/range";
import { may } from "../core/roles";
import { addDays, dayOf } from "../core/time";
import { useNow } from "./clock";
import { useHandle, useRole } from "./context";

type Found = { panel: Reading<Schema["NotificationsPanel"]>; found: Note[]; unread: number; last: Look | null; seen: () => void; requests: Reading<unknown>["request"][] };

const HEALTH_DAYS = 7;

/**
 * What needs attention in the handle. Endpoints and the day's writes always; campaigns and their health only where they are looked at
 * (`whole`). Three requests: what the usage is, the frame has read.
 */
export function useNotes(whole: boolean, every?: number): Found {
  const handle = useHandle();
  const role = useRole();
  const now = useNow();
  // The answer covers a month of deliveries, which takes the server longer than the figures of a page do.
  const quiet = useQuiet();
  const panel = useGet("/v2/handles/{handle}/notifications", { when: whole || quiet, ...(every ? { every } : {}) });
  // The frame reads it.
  const usage = useGet("/v2/handles/{handle}/usage-meters", { when: false });
  const funnel = useFunnel(rangeOf(new URLSearchParams(), now), undefined, whole);
  const since = `${addDays(dayOf(now), -HEALTH_DAYS)}T00:00:00Z`;
  const health = useList("/v2/handles/{handle}/deliveries", { query: { limit: 20, eventType: "campaign.health_changed", since }, when: whole && may(role, "deliveries") });
  const [last, setLast] = useState(() => lookOf(remembered(`seen:${handle}`)));
  const found = ordered([
    ...(panel.data ? notes(panel.data, now) : []),
    ...(usage.data ? quotaNotes(usage.data) : []),
    ...(whole && funnel.data ? campaignNotes(funnel.data.funnel) : []),
    ...(whole && health.data ? healthNotes(health.data) : []),
  ]);
  const seen = () => {
    // What was looked at in the drawer and on the page stays looked at, whichever of them shows less.
    const both = { ids: [...new Set([...look(found).ids, ...(last?.ids ?? [])])].slice(0, 100) };
    remember(`seen:${handle}`, JSON.stringify(both));
    setLast(both);
  };
  return { panel, found, last, unread: found.filter((note) => isUnread(note, last)).length, seen, requests: [panel.request, funnel.request, health.request, usage.request] };
}
