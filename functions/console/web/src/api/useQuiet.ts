import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

const QUIET_MS = 100;
const AT_LATEST_MS = 2_000;

/** Whether the reads of the page have ended for a moment: what is of less use than its figures is asked for then, so as not to delay them. */
export function useQuiet(): boolean {
  const client = useQueryClient();
  const [quiet, setQuiet] = useState(false);
  useEffect(() => {
    if (quiet) return undefined;
    const now = () => setQuiet(true);
    const latest = setTimeout(now, AT_LATEST_MS);
    let pause: ReturnType<typeof setTimeout> | undefined;
    const wait = () => {
      clearTimeout(pause);
      if (!client.isFetching()) pause = setTimeout(now, QUIET_MS);
    };
    const stop = client.getQueryCache().subscribe(wait);
    wait();
    return () => {
      stop();
      clearTimeout(pause);
      clearTimeout(latest);
    };
  }, [client, quiet]);
  return quiet;
}
