import { useSyncExternalStore } from "react";

// As wide as the map with its hours side by side.
const media = matchMedia("(max-width: 900px)");

function subscribe(listener: () => void): () => void {
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}

/** Whether the window is too small for 24 columns. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => media.matches);
