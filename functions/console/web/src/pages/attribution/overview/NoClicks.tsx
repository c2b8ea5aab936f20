import { useGet } from "../../../api/use";
import { useAddress, useHandle } from "../../../app/context";
import { config } from "../../../auth/config";
import { rangeName, type Range } from "../../../core/range";
import { ButtonLink } from "../../../ui/Button";
import { Empty } from "../../../ui/states";

/** A handle may be added by others, or be filled, while this one is looked at. */
const EVERY_MS = 15_000;

/** No clicks on the days shown: how the first one is made, and the user's other handles, which may have some. */
export function NoClicks({ range }: { range: Range }) {
  const handle = useHandle();
  const address = useAddress();
  const handles = useGet("/v2/handles", { query: { limit: 100 }, every: EVERY_MS });
  const all = handles.data?.items ?? [];
  const others = all.filter((other) => other.handle !== handle && !other.deletion).slice(0, 3);
  const demo = config.demoHandle;
  return (
    <Empty
      title={`No clicks: ${rangeName(range).toLowerCase()}`}
      action={
        <span className="row">
          <ButtonLink kind="primary" href={address("attribution/get-started")}>Get started</ButtonLink>
          {others.map((other) => <ButtonLink key={other.handle} href={`/${other.handle}/overview`}>Go to {other.handle}</ButtonLink>)}
        </span>
      }
    >
      Create a link, open its short address, and it is counted here within seconds.
      {demo && demo !== handle && handles.data && (
        <span role="status">
          {all.some((other) => other.handle === demo)
            ? ` The handle ${demo} has a month of demo data to look at.`
            : ` The handle ${demo} is being filled with a month of demo data; this takes some minutes, and a button to it appears here.`}
        </span>
      )}
    </Empty>
  );
}
