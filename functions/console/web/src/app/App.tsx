import { useEffect } from "react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-aria-components";
import { Redirect, Route, Router, Switch, useLocation } from "wouter";
import { cache } from "../api/use";
import { Gate } from "../auth/Gate";
import { later } from "../ui/later";
import { SkeletonPage } from "../ui/Skeleton";
import { Toasts } from "../ui/Toast";
import { Home } from "./Home";
import { HandlePages } from "./HandlePages";
import { usePage } from "./usePage";

const Platform = later(async () => (await import("../pages/settings/Platform")).default, <SkeletonPage />);

/** The console: sign-in, then the pages of a handle. */
export function App() {
  return (
    <QueryClientProvider client={cache}>
      <Router base="/console">
        <Ahead />
        <Gate>
          <Linked />
          <Toasts />
        </Gate>
      </Router>
    </QueryClientProvider>
  );
}

/** Loads the code of the page while the sign-in is renewed and the user's role is read. */
function Ahead() {
  const page = usePage();
  // A failure is reported where the page is shown.
  useEffect(() => void page?.code().catch(() => null), [page]);
  return null;
}

/** Links of every component change the page without loading it. */
function Linked() {
  const [, navigate] = useLocation();
  return (
    <RouterProvider navigate={(to) => navigate(to)} useHref={(to) => (to.startsWith("/") ? `/console${to}` : to)}>
      <Switch>
        <Route path="/home"><Home /></Route>
        <Route path="/home/platform"><Platform /></Route>
        <Route path="/apps/attribution"><Home page="attribution/get-started" /></Route>
        <Route path="/apps/lifecycle-messaging"><Home page="lifecycle/get-started" /></Route>
        <Route path="/:handle/*?">{({ handle }) => <HandlePages key={handle} handle={handle} />}</Route>
        <Route><Redirect to="/home" replace /></Route>
      </Switch>
    </RouterProvider>
  );
}
