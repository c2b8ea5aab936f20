import { useMemo } from "react";
import type { Schema } from "../../../api/client";
import { useGet, type Reading } from "../../../api/use";
import { endpointName } from "../../../core/deliveries";
import { byId, type Webhook } from "../../../core/webhooks";

export type Endpoints = { reading: Reading<Schema["ListResponse_SubscriptionView"]>; known: ReadonlyMap<string, Webhook>; nameOf: (id: string) => string };

/** The endpoints of the handle, and what they are called; a deleted one is known by its id only. */
export function useEndpoints(every?: number): Endpoints {
  const reading = useGet("/v2/handles/{handle}/webhooks", { query: { limit: 100 }, ...(every ? { every } : {}) });
  const known = useMemo(() => byId(reading.data?.items), [reading.data]);
  const nameOf = (id: string): string => {
    const found = known.get(id);
    return found ? endpointName(found) : reading.data ? "Deleted endpoint" : id;
  };
  return { reading, known, nameOf };
}
