import { useSyncExternalStore } from "react";

/** A clock that ticks while components look at it; between them it stands still. */
function ticking(everyMs: number): () => number {
  let now = Date.now();
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    now = Date.now();
    listeners.forEach((listener) => listener());
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    if (timer === undefined) {
      timer = setInterval(tick, everyMs);
      tick();
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
  return function useClock() {
    return useSyncExternalStore(subscribe, () => now);
  };
}

/** The present moment, to ten seconds; components that use it are drawn again as it passes. */
export const useNow = ticking(10_000);
/** The present moment, to the second: for what counts down. */
export const useSecond = ticking(1_000);
