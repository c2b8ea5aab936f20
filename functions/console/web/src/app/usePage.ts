import { useLocation } from "wouter";
import { pageAt, type PageEntry } from "./pages";

/** The entry of the page that is shown; null where there is none. */
export function usePage(): PageEntry | null {
  const [location] = useLocation();
  return pageAt(location);
}
