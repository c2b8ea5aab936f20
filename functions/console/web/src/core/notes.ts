import type { Schema } from "../api/client";

export type Note = { id: string; level: "bad" | "warn"; title: string; text: string; at: string | null; page: string; action: string };

const host = (address: string): string => URL.parse(address)?.host ?? address;

/** What of the panel needs a person: disabled and failing endpoints, and the deliveries that were given up. */
export function notes(panel: Schema["NotificationsPanel"]): Note[] {
  const endpoints = panel.webhooks.flatMap((webhook): Note[] => {
    const { failed, delivered } = webhook.counts24h;
    const about = { at: webhook.lastDelivery?.createdAt ?? null, page: `lifecycle/webhooks/${webhook.subscriptionId}`, action: "Open the endpoint" };
    const id = `${webhook.subscriptionId}:${webhook.status}:${failed}`;
    if (webhook.status === "DISABLED_AUTO") {
      return [{ ...about, id, level: "bad", title: `${host(webhook.endpointUrl)} is disabled`, text: "Too many deliveries failed in a row." }];
    }
    if (!failed) return [];
    return [{ ...about, id, level: "warn", title: `${host(webhook.endpointUrl)} is failing`, text: `${failed} of ${failed + delivered} deliveries failed in 24 hours.` }];
  });
  const given = panel.recentFailures.map((delivery): Note => ({
    id: delivery.deliveryId,
    level: "warn",
    title: `${delivery.eventType} was not delivered`,
    text: `Given up after ${delivery.attempts.length} attempts.`,
    at: delivery.createdAt,
    page: `lifecycle/deliveries/${delivery.deliveryId}`,
    action: "Open the delivery",
  }));
  return [...endpoints, ...given.slice(0, 10)];
}
