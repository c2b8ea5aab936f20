import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import type { PageEntry } from "./pages";

/** After a change of page: begins at its top, and puts the focus into it if what had it is gone. */
export function useArrival(page: PageEntry | null): void {
  const [location] = useLocation();
  const before = useRef<string | null>(null);
  useEffect(() => {
    const first = before.current === null;
    const same = before.current === page?.path;
    before.current = page?.path ?? "";
    if (first) return;
    if (!same) scrollTo(0, 0);
    if (document.activeElement === document.body) document.getElementById("page")?.focus({ preventScroll: true });
  }, [location, page]);
}
