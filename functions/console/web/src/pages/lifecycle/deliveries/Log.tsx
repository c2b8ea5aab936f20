import { useState, type ReactNode } from "react";
import { useAddress, useQueryParts } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { useList } from "../../../api/list";
import { EVENT_TYPES, STATUSES } from "../../../core/deliveries";
import { filterOf, filterText, listQuery, NO_FILTER, TIMES, type Filter } from "../../../core/deliveryFilter";
import { plural } from "../../../core/numbers";
import { Button } from "../../../ui/Button";
import { DataTable } from "../../../ui/DataTable";
import { Choice } from "../../../ui/Choice";
import { Chips, SearchBox, Toolbar, type Chip } from "../../../ui/Filters";
import { AsOf, Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { deliveryColumns } from "./columns";
import css from "./deliveries.module.css";

const ANY = "any";
const EVERY_MS = 15_000;
const STATUS_OPTIONS = [{ id: ANY, name: "Any status" }, ...STATUSES.map(({ id, name }) => ({ id, name }))];
const TYPE_OPTIONS = [{ id: ANY, name: "Any event" }, ...EVENT_TYPES.map((id) => ({ id, name: id }))];
const TIME_OPTIONS = [{ id: ANY, name: "30 days" }, ...TIMES.map(({ id, name }) => ({ id, name }))];

type Props = {
  /** The only endpoint it shows; else all, with a filter. */
  endpoint?: string;
  nameOf: (endpoint: string) => string;
  endpoints?: readonly { id: string; name: string }[];
  /** Shown where the endpoint has never been sent anything. */
  empty: ReactNode;
};

/** The log of deliveries: filtered by what is in the address, live while it is looked at. One request. */
export function Log({ endpoint, nameOf, endpoints = [], empty }: Props) {
  const now = useNow();
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const [live, setLive] = useState(true);
  const own = filterOf(query);
  const filter: Filter = endpoint ? { ...own, endpoint } : own;
  const list = useList("/v2/handles/{handle}/deliveries", { query: listQuery(filter, now), ...(live ? { every: EVERY_MS } : {}) });
  const items = list.data ?? [];
  const chips = chipsOf(own, nameOf, setParts);
  const clear = () => setParts(NO_FILTER);
  const choose = (name: keyof Filter) => (id: string) => setParts({ [name]: id === ANY ? null : id });
  const pick = endpoint ? null : (id: string) => setParts({ endpoint: id });
  return (
    <Card flush title="Deliveries" actions={<Live on={live} set={setLive} at={list.at} />}>
      <Toolbar>
        {!endpoint && <Choice label="Endpoint" hideLabel options={[{ id: ANY, name: "Any endpoint" }, ...endpoints]} value={own.endpoint && endpoints.some(({ id }) => id === own.endpoint) ? own.endpoint : ANY} onChange={choose("endpoint")} />}
        <Choice label="Status" hideLabel options={STATUS_OPTIONS} value={own.status ?? ANY} onChange={choose("status")} />
        <Choice label="Event type" hideLabel options={TYPE_OPTIONS} value={own.type ?? ANY} onChange={choose("type")} />
        <Choice label="Time" hideLabel options={TIME_OPTIONS} value={own.time ?? ANY} onChange={choose("time")} />
        <SearchBox label="Event id" value={own.event ?? ""} onChange={(event) => setParts({ event: event.trim() || null })} />
      </Toolbar>
      <Chips chips={chips} clear={clear} />
      <Loaded of={list} lines={8}>
        {() => (
          <DataTable
            label="Deliveries"
            columns={deliveryColumns(nameOf, pick)}
            rows={items}
            rowKey={({ deliveryId }) => deliveryId}
            href={({ deliveryId }) => address(`lifecycle/deliveries/${deliveryId}${filterText(filter)}`)}
            requests={[list.request]}
            foot={
              <span className="row">
                {plural(items.length, "delivery", "deliveries")}{list.more ? " so far" : ""}
                {list.more && <Button size="small" onPress={list.more} isDisabled={list.loadingMore}>Load more</Button>}
              </span>
            }
            empty={
              chips.length || list.more ? (
                <Empty title="No delivery matches" action={<Button onPress={list.more ?? clear}>{list.more ? "Look further back" : "Clear filters"}</Button>}>
                  {list.more ? "None among those that were looked at so far." : "There may be some without these filters. Deliveries are kept for 30 days."}
                </Empty>
              ) : empty
            }
          />
        )}
      </Loaded>
    </Card>
  );
}

function chipsOf(own: Filter, nameOf: Props["nameOf"], setParts: (parts: Record<string, null>) => void): Chip[] {
  const time = TIMES.find(({ id }) => id === own.time)?.name;
  const texts: readonly (readonly [keyof Filter, string | null | undefined])[] = [
    ["endpoint", own.endpoint && `Endpoint: ${nameOf(own.endpoint)}`],
    ["status", own.status && `Status: ${STATUSES.find(({ id }) => id === own.status)?.name ?? own.status}`],
    ["type", own.type && `Event: ${own.type}`],
    ["time", time],
    ["event", own.event && `Event id: ${own.event}`],
    ["since", own.since && `Since ${own.since}`],
    ["until", own.until && `Until ${own.until}`],
  ];
  return texts.flatMap(([id, text]) => (text ? [{ id, text, remove: () => setParts({ [id]: null }) }] : []));
}

/** Says that the log follows what happens, and stops it for those who want to read in peace. */
function Live({ on, set, at }: { on: boolean; set: (on: boolean) => void; at: number }) {
  return (
    <span className="row">
      <AsOf at={at} />
      <Button size="small" kind="quiet" onPress={() => set(!on)} aria-pressed={on} aria-label={on ? "Live: read again every 15 seconds. Press to pause." : "Paused. Press to go on."}>
        <span className={css.live}><span className={`${css.liveMark} ${on ? "" : css.paused}`} aria-hidden="true" />{on ? "Live" : "Paused"}</span>
      </Button>
    </span>
  );
}
