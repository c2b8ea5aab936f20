import { onlineManager, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { Problem } from "../api/problem";

/** Says that the server cannot be reached, until a read succeeds again. */
export function Offline() {
  const client = useQueryClient();
  const online = useSyncExternalStore((listener) => onlineManager.subscribe(listener), () => onlineManager.isOnline());
  const [unreachable, setUnreachable] = useState(false);
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ type, query }) => {
        if (type !== "updated") return;
        if (query.state.status === "success" && query.state.fetchStatus === "idle") setUnreachable(false);
        else if (query.state.error instanceof Problem && query.state.error.status === 0) setUnreachable(true);
      }),
    [client],
  );
  useEffect(() => {
    if (!unreachable) return;
    const timer = setInterval(() => void client.refetchQueries({ type: "active" }), 5_000);
    return () => clearInterval(timer);
  }, [unreachable, client]);
  if (online && !unreachable) return null;
  return <p className="alert alert-warn" role="status">The server cannot be reached. What is shown may be old, and what you type is kept.</p>;
}
