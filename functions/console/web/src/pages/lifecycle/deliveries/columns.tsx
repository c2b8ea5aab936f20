import type { Delivery } from "../../../core/deliveries";
import { duration, hasEnded } from "../../../core/deliveries";
import type { Column } from "../../../ui/DataTable";
import { Ago, Countdown } from "../../../ui/When";
import css from "./deliveries.module.css";
import { Dots, StatusTag } from "./Dots";

const TRIGGERS = { AUTO: null, TEST: "test", MANUAL: "replay" } as const;

/** The columns of the log; pressing an endpoint filters by it. */
export function deliveryColumns(nameOf: (endpoint: string) => string, pick: ((endpoint: string) => void) | null): Column<Delivery>[] {
  const endpoint: Column<Delivery> = {
    id: "endpoint", name: "Endpoint",
    cell: ({ subscriptionId }) => {
      const name = <bdi className="cut">{nameOf(subscriptionId)}</bdi>;
      return pick ? <button type="button" className="tag tag-press" onClick={() => pick(subscriptionId)} title="Show this endpoint only">{name}</button> : name;
    },
  };
  return [
    {
      id: "event", name: "Event",
      cell: ({ eventType, eventId }) => <span className={css.event}>{eventType}<span className="muted small mono">{eventId}</span></span>,
    },
    ...(pick ? [endpoint] : []),
    {
      id: "status", name: "Status",
      cell: ({ status, trigger }) => <span className="row"><StatusTag status={status} />{TRIGGERS[trigger] && <span className="tag">{TRIGGERS[trigger]}</span>}</span>,
    },
    { id: "attempts", name: "Attempts", cell: (delivery) => <Dots of={delivery} /> },
    { id: "next", name: "Took, or next attempt", align: "end", cell: (delivery) => <Next of={delivery} /> },
    { id: "created", name: "Created", align: "end", cell: ({ createdAt }) => <Ago at={createdAt} /> },
  ];
}

function Next({ of: delivery }: { of: Delivery }) {
  if (!hasEnded(delivery) && delivery.nextAttemptAt) return <strong><Countdown to={delivery.nextAttemptAt} /></strong>;
  const last = delivery.attempts.at(-1);
  return <span className="muted">{last ? `took ${duration(last.durationMs)}` : "–"}</span>;
}
