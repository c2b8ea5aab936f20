import { useEffect, useState } from "react";
import { Redirect, Route, Switch } from "wouter";
import { may, whoMay } from "../core/roles";
import { remember } from "../core/device";
import { keepPlace, knownPlace } from "../core/place";
import { useGet } from "../api/use";
import { Boundary } from "../ui/Boundary";
import { Page } from "../ui/Page";
import { Empty, Failed } from "../ui/states";
import { SkeletonPage } from "../ui/Skeleton";
import { useRole, InPlace } from "./context";
import { Deleted } from "./Deleted";
import { ROUTES, type RouteEntry } from "./routes";
import { Shell } from "./Shell";

/** The pages of one handle, in the shell, for a user with a role in it. */
export function HandlePages({ handle }: { handle: string }) {
  return (
    <InPlace handle={handle} role={undefined} timeZone="UTC">
      <WithRole handle={handle} />
    </InPlace>
  );
}

function WithRole({ handle }: { handle: string }) {
  const place = useGet("/v2/handles/{handle}");
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  // Known from before, a page reads its data together with these two.
  const [known] = useState(() => knownPlace(handle));
  const role = place.data?.role ?? known?.role;
  const timeZone = usage.data?.timeZone ?? known?.timeZone;
  useEffect(() => remember("handle", handle), [handle]);
  useEffect(() => {
    if (place.data && usage.data) keepPlace(handle, { role: place.data.role, timeZone: usage.data.timeZone });
  }, [handle, place.data, usage.data]);
  return (
    <InPlace handle={handle} role={role} timeZone={timeZone ?? "UTC"}>
      <Shell usage={usage}>
        {place.problem?.status === 404 ? (
          <Page title="Not found">
            <Empty title={`There is no handle “${handle}”, or it is not yours`}>Choose one of yours at the top left.</Empty>
          </Page>
        ) : place.data?.deletion ? (
          <Deleted role={place.data.role} deletion={place.data.deletion} />
        ) : place.problem && !role ? (
          <Failed problem={place.problem} again={place.again} />
        ) : role && (timeZone || usage.problem) ? (
          <Pages />
        ) : (
          <SkeletonPage />
        )}
      </Shell>
    </InPlace>
  );
}

function Pages() {
  return (
    <Switch>
      {ROUTES.map((entry) => (
        <Route key={entry.path} path={`/:handle/${entry.path}`}>
          <Allowed entry={entry} />
        </Route>
      ))}
      <Route path="/:handle">{({ handle }) => <Redirect to={`/${handle}/overview`} replace />}</Route>
      <Route>
        <Page title="Not found">
          <Empty title="There is no such page">Use the navigation, or press ⌘K to search.</Empty>
        </Page>
      </Route>
    </Switch>
  );
}

function Allowed({ entry }: { entry: RouteEntry }) {
  const role = useRole();
  const Component = entry.component;
  useEffect(() => void (document.title = `${entry.title} – 10x Links`), [entry.title]);
  if (!entry.needs || may(role, entry.needs)) return <Boundary key={entry.path}><Component /></Boundary>;
  return (
    <Page title={entry.title}>
      <Empty title="Your role does not reach this page">
        You are {role} of this handle. {whoMay(entry.needs)} can open it.
      </Empty>
    </Page>
  );
}
