import { lazy, Suspense } from "react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-aria-components";
import { Redirect, Route, Router, Switch, useLocation } from "wouter";
import { cache } from "../api/use";
import { Gate } from "../auth/Gate";
import { SkeletonPage } from "../ui/Skeleton";
import { Toasts } from "../ui/Toast";
import { Home } from "./Home";
import { HandlePages } from "./HandlePages";

const Platform = lazy(() => import("../pages/settings/Platform"));

/** The console: sign-in, then the pages of a handle. */
export function App() {
  return (
    <QueryClientProvider client={cache}>
      <Gate>
        <Router base="/console">
          <Linked />
        </Router>
        <Toasts />
      </Gate>
    </QueryClientProvider>
  );
}

/** Links of every component change the page without loading it. */
function Linked() {
  const [, navigate] = useLocation();
  return (
    <RouterProvider navigate={(to) => navigate(to)} useHref={(to) => (to.startsWith("/") ? `/console${to}` : to)}>
      <Switch>
        <Route path="/home"><Home /></Route>
        <Route path="/home/platform"><Suspense fallback={<SkeletonPage />}><Platform /></Suspense></Route>
        <Route path="/apps/attribution"><Home page="attribution/get-started" /></Route>
        <Route path="/apps/lifecycle-messaging"><Home page="lifecycle/get-started" /></Route>
        <Route path="/:handle/*?">{({ handle }) => <HandlePages key={handle} handle={handle} />}</Route>
        <Route><Redirect to="/home" replace /></Route>
      </Switch>
    </RouterProvider>
  );
}
