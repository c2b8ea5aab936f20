import { useCallback } from "react";
import { useAddress, useHandle, useQueryParts, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { useList } from "../../../api/list";
import { actionName, auditCsv, auditQuery, changedFields, filterName, filterOf, KINDS, NO_FILTER, pageOf, type AuditEvent, type AuditFilter } from "../../../core/audit";
import { plural } from "../../../core/numbers";
import { instant, longDay, relative } from "../../../core/time";
import { Button } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { TextBox } from "../../../ui/fields";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { Card, Page } from "../../../ui/Page";
import { save } from "../../../ui/save";
import { Empty, Loaded } from "../../../ui/states";
import css from "./audit.module.css";
import { Actor, Target } from "./Objects";
import { EventDrawer } from "./EventDrawer";

const ANY = "any";
type Set = (parts: Partial<Record<keyof AuditFilter | "event", string | null>>) => void;

/** Who changed what, with the state before and after: narrowed by what is in the address. One request. */
export default function Audit() {
  const handle = useHandle();
  const zone = useZone();
  const now = useNow();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const filter = filterOf(query);
  const list = useList("/v2/handles/{handle}/audit-events", { query: auditQuery(filter, zone) });
  const events = list.data ?? [];
  const chips = chipsOf(filter, setParts);
  const clear = () => setParts(NO_FILTER);
  const open = query.get("event");
  const shown = new URLSearchParams(query);
  shown.delete("event");
  const export_ = () => save(`${handle}-audit.csv`, [auditCsv(events)], "text/csv");
  return (
    <Page
      title="Audit" asOf={list.at} note={`Every change of this handle, kept for 400 days. Times are those of ${zone}.`}
      actions={<Button icon="download" onPress={export_} isDisabled={!events.length}>Export what is loaded</Button>}
    >
      <Card flush>
        <Filters filter={filter} set={setParts} />
        <Chips chips={chips} clear={clear} />
        <Loaded of={list} lines={8}>
          {() => (
            <DataTable
              label="Audit events"
              columns={columns(zone, now, setParts)}
              rows={events}
              rowKey={({ auditId }) => auditId}
              href={({ auditId }) => address(`settings/audit?${withEvent(shown, auditId)}`)}
              requests={[list.request]}
              foot={<span className="row"><span>{plural(events.length, "event")}{list.more ? " so far" : ""}</span>{list.more && <Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Load more</Button>}</span>}
              empty={
                <Empty title={chips.length ? "No event matches" : "Nothing was changed yet"} action={list.more ? <Button onPress={list.more}>Look further back</Button> : chips.length ? <Button onPress={clear}>Clear filters</Button> : undefined}>
                  {list.more ? "None among those that were looked at so far." : chips.length ? "There may be some without these filters." : "Every write of this handle appears here."}
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
      {open && list.data && <EventDrawer events={events} open={open} show={(event) => setParts({ event })} more={list.more} />}
    </Page>
  );
}

function withEvent(query: URLSearchParams, event: string): string {
  const next = new URLSearchParams(query);
  next.set("event", event);
  return next.toString();
}

function chipsOf(filter: AuditFilter, set: Set): Chip[] {
  const chip = (id: keyof AuditFilter, text: string): Chip => ({ id, text, remove: () => set({ [id]: null }) });
  return [
    ...(filter.target ? [chip("target", `Target: ${filter.target}`)] : []),
    ...(filter.action ? [chip("action", `Action: ${filterName(filter.action)}`)] : []),
    ...(filter.actor ? [chip("actor", `By: ${filter.actor}`)] : []),
    ...(filter.since ? [chip("since", `From ${longDay(filter.since)}`)] : []),
    ...(filter.until ? [chip("until", `To ${longDay(filter.until)}`)] : []),
  ];
}

function Filters({ filter, set }: { filter: AuditFilter; set: Set }) {
  const target = useCallback((text: string) => set({ target: text || null }), [set]);
  const actor = useCallback((text: string) => set({ actor: text || null }), [set]);
  const exact = filter.action && !KINDS.some(({ id }) => id === filter.action) ? [{ id: filter.action, name: actionName(filter.action) }] : [];
  const options = [{ id: ANY, name: "Any action" }, ...KINDS, ...exact];
  return (
    <Toolbar>
      <SearchBox label="Slug or id" value={filter.target ?? ""} onChange={target} />
      <SearchBox label="User or token" value={filter.actor ?? ""} onChange={actor} />
      <Choice label="Action" hideLabel options={options} value={filter.action ?? ANY} onChange={(id) => set({ action: id === ANY ? null : id })} />
      <TextBox label="From" type="date" value={filter.since ?? ""} onChange={(since) => set({ since: since || null })} />
      <TextBox label="To" type="date" value={filter.until ?? ""} onChange={(until) => set({ until: until || null })} />
    </Toolbar>
  );
}

function columns(zone: string, now: number, pick: Set): Column<AuditEvent>[] {
  return [
    {
      id: "when", name: "When",
      cell: ({ at }) => <time className={css.when} dateTime={at}>{instant(at, zone)}<span className="muted small">{relative(at, now)}</span></time>,
    },
    { id: "who", name: "Who", cell: ({ actor }) => <Actor actor={actor} onPick={() => pick({ actor: actor.id })} /> },
    { id: "what", name: "What", cell: ({ action }) => <button type="button" className={css.pick} title={`Show only ${action}`} onClick={() => pick({ action })}>{actionName(action)}</button> },
    { id: "target", name: "Target", cell: (event) => <Target event={event} page={pageOf(event)} /> },
    { id: "changed", name: "Changed", cell: (event) => <span className={`${css.changed} muted`}>{changedFields(event)}</span> },
  ];
}
