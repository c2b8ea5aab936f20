import { useMemo, useState } from "react";
import { useNow } from "../../../app/clock";
import { useHandle, useZone } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange, useGet } from "../../../api/use";
import { dayOf, instant } from "../../../core/time";
import { graces, GRACES, MAX_GRACE_DAYS, type Webhook } from "../../../core/webhooks";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Choice } from "../../../ui/Choice";
import { Card } from "../../../ui/Page";
import { Failed } from "../../../ui/states";
import { Countdown } from "../../../ui/When";
import { Secret } from "./Secret";
import css from "./webhooks.module.css";

/** A new secret; the previous one signs too until its period ends, which counts down here. */
export function Rotate({ webhook: { subscriptionId } }: { webhook: Webhook }) {
  const handle = useHandle();
  const [secret, setSecret] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const [grace, setGrace] = useState(GRACES[0]?.id ?? "1d");
  const chosen = GRACES.find(({ id }) => id === grace);
  // The secret is kept in this component alone: what a change returns would stay in the cache.
  const rotate = useChange(async () => {
    const body = { gracePeriodSeconds: chosen?.seconds ?? null };
    const { data } = await call("post", "/v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate", { path: { handle, subscriptionId }, body });
    setSecret(data.secret);
    setAsking(false);
  });
  return (
    <Card title="Secret" note="Rotating makes a new one and costs no write. Until the grace period ends, messages are signed with both, so no receiver misses one.">
      <div className="stack">
        <Graces subscriptionId={subscriptionId} />
        <div className="row row-end">
          <Choice label="The previous one keeps signing for" options={GRACES} value={grace} onChange={setGrace} />
          <Button icon="refresh" onPress={() => { rotate.reset(); setAsking(true); }}>Rotate</Button>
        </div>
      </div>
      <Dialog title="Rotate the secret?" isOpen={asking} onOpenChange={setAsking}>
        {(close) => (
          <div className="stack">
            {rotate.error && <Failed problem={rotate.error} />}
            <p>
              {chosen?.seconds
                ? `The new secret is shown once. Give it to your receiver within ${chosen.name.toLowerCase()}: after that the previous one signs nothing.`
                : "The new secret is shown once. Every previous one ends now: until your receiver has the new one, it refuses all messages."}
            </p>
            <div className="dialog-foot">
              <Button onPress={close}>Keep the present one</Button>
              <Button kind="primary" isDisabled={rotate.isPending} onPress={() => rotate.mutate(undefined)}>Rotate the secret</Button>
            </div>
          </div>
        )}
      </Dialog>
      {secret !== null && <Secret secret={secret} title="The new secret" onStored={() => setSecret(null)} />}
    </Card>
  );
}

/** The previous secrets that still sign. When they end is known from the audit events of the rotations. */
function Graces({ subscriptionId }: { subscriptionId: string }) {
  const now = useNow();
  const zone = useZone();
  const since = `${dayOf(now - (MAX_GRACE_DAYS + 1) * 86_400_000)}T00:00:00Z`;
  const rotations = useGet("/v2/handles/{handle}/audit-events", { query: { target: subscriptionId, action: "webhook.secret_rotated", since, limit: 100 } });
  const live = useMemo(() => graces(rotations.data?.items ?? [], now), [rotations.data, now]);
  if (!rotations.data) return null;
  if (!live.length) return <p>One secret signs messages; there is no previous one.</p>;
  return (
    <ul aria-label="Previous secrets that still sign">
      {live.map(({ rotatedAt, endsAt }) => (
        <li key={rotatedAt} className={css.grace}>
          <span>The secret before the rotation of {instant(rotatedAt, zone)} still signs</span>
          <strong>ends <Countdown to={endsAt} /></strong>
        </li>
      ))}
    </ul>
  );
}
