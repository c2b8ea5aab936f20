import { useNow, useSecond } from "../app/clock";
import { useZone } from "../app/context";
import { countdown } from "../core/deliveries";
import { instant, relative } from "../core/time";

/** A moment as its distance from now; the moment itself in the tooltip. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  const zone = useZone();
  return <time dateTime={at} title={instant(at, zone)}>{relative(at, now)}</time>;
}

/** How long until a moment, second by second. */
export function Countdown({ to }: { to: number | string }) {
  const now = useSecond();
  const zone = useZone();
  const at = typeof to === "number" ? to : Date.parse(to);
  return <time dateTime={new Date(at).toISOString()} title={instant(at, zone)}>{countdown(at, now)}</time>;
}
