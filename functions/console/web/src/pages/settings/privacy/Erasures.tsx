import { useZone } from "../../../app/context";
import { useList } from "../../../api/list";
import type { AuditEvent } from "../../../core/audit";
import { erasures, NAME_TEXTS, type Erasure } from "../../../core/privacy";
import { instant } from "../../../core/time";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { Ago } from "../../../ui/When";

const POLL_MS = 5_000;
const allDone = (events: readonly AuditEvent[]): boolean => erasures(events).every(({ erased }) => erased !== null);

/** The erasures that were requested, from the audit; those under way are looked at again. */
export function Erasures() {
  const zone = useZone();
  const events = useList("/v2/handles/{handle}/audit-events", { query: { action: "privacy.*", limit: 100 }, every: POLL_MS, until: ({ items }) => allDone(items) });
  const columns: Column<Erasure>[] = [
    { id: "requested", name: "Requested", cell: ({ requestedAt }) => <time dateTime={requestedAt}>{instant(requestedAt, zone)}</time> },
    { id: "actor", name: "By", cell: ({ actor }) => <bdi>{actor}</bdi> },
    { id: "named", name: "Person named by", cell: ({ by }) => (by ? NAME_TEXTS[by].what : "–") },
    { id: "state", name: "State", cell: ({ erased }) => (erased ? <span><span className="tag tag-good">Erased</span> <Ago at={erased.at} />: {erased.text}</span> : <span className="tag">Under way</span>) },
    { id: "id", name: "Erasure", cell: ({ erasureId }) => <code>{erasureId}</code>, wideOnly: true },
  ];
  return (
    <Card title="Erasures" note="The audit keeps them for 400 days and does not name the person." flush actions={<ApiRequest requests={[events.request]} />}>
      <Loaded of={events} lines={3}>
        {(data) => (
          <DataTable
            label="Erasures" columns={columns} rows={erasures(data)} rowKey={({ erasureId }) => erasureId}
            foot={events.more && <Button size="small" onPress={events.more} isDisabled={events.loadingMore}>Load more</Button>}
            empty={<Empty title="No erasures yet">Each request is listed here, and when it was done.</Empty>}
          />
        )}
      </Loaded>
    </Card>
  );
}
