import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { forgetPlaces } from "../core/place";
import { Button } from "../ui/Button";
import { hasLogin } from "./config";
import { complete, returning, signIn } from "./login";
import { canRefresh, keep, refresh, signedIn, subscribe } from "./session";
import { PastedToken } from "./PastedToken";

type State = "starting" | "idle" | { failed: string };

const here = (): string => (returning() ? "/console/home" : location.pathname + location.search);

async function start(): Promise<void> {
  if (returning()) {
    const { tokens, returnTo } = await complete();
    forgetPlaces();
    history.replaceState(null, "", returnTo);
    keep(tokens);
  } else if (!signedIn() && canRefresh()) await refresh();
}

// Once a page, also where React mounts twice in development.
let started: Promise<void> | null = null;

/** Shows its children to people who are signed in, and the way to sign in to others. */
export function Gate({ children }: { children: ReactNode }) {
  const inside = useSyncExternalStore(subscribe, signedIn);
  const [state, setState] = useState<State>("starting");
  useEffect(() => {
    started ??= start();
    started.then(
      () => setState("idle"),
      (thrown: unknown) => setState({ failed: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  }, []);
  if (inside) return children;
  if (state === "starting") return null;
  return <SignIn problem={typeof state === "object" ? state.failed : null} />;
}

function SignIn({ problem }: { problem: string | null }) {
  return (
    <main className="signin">
      <div className="signin-card">
        <h1>10x Links</h1>
        {problem && <p role="alert" className="alert alert-bad">{problem}</p>}
        {hasLogin() ? (
          <>
            <p className="muted">Sign in to see your links, campaigns and reports.</p>
            <Button kind="primary" onPress={() => void signIn(here())}>Sign in</Button>
          </>
        ) : (
          <PastedToken />
        )}
      </div>
    </main>
  );
}
