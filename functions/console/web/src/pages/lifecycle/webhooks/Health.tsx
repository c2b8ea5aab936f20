import type { ReactNode } from "react";
import { count, plural } from "../../../core/numbers";
import { webhookStatus, type Notified, type Webhook } from "../../../core/webhooks";
import css from "./webhooks.module.css";

/** Whether an endpoint receives events. */
export function WebhookStatusTag({ status }: Pick<Webhook, "status">) {
  const { name, tag, text } = webhookStatus(status);
  return <span className={`tag ${tag}`} title={text}>{name}</span>;
}

/** The deliveries of a day: how many arrived, failed and are under way; by hour if there is a strip for it, else as their shares. */
export function Day({ of: { delivered, failed, pending }, strip }: { of: Notified["counts24h"]; strip: ReactNode }) {
  const all = delivered + failed + pending;
  if (!all) return <span className="muted small">Nothing in 24 hours</span>;
  const width = (value: number): string => `${(100 * value) / all}%`;
  return (
    <span className={css.day} title={`In 24 hours: ${count(delivered)} delivered, ${count(failed)} failed, ${count(pending)} pending`}>
      {strip ?? (
        <span className={css.dayBar} aria-hidden="true">
          <span className={css.delivered} style={{ width: width(delivered) }} />
          <span className={css.failed} style={{ width: width(failed) }} />
          <span className={css.pending} style={{ width: width(pending) }} />
        </span>
      )}
      <span className="small">
        {count(delivered)} delivered{failed > 0 && <>, <span className="text-bad">{count(failed)} failed</span></>}{pending > 0 && `, ${plural(pending, "pending", "pending")}`}
      </span>
    </span>
  );
}
