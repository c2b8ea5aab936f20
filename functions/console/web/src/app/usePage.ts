import { matchRoute, useLocation, useRouter } from "wouter";
import { PAGES, type PageEntry } from "./routes";

/** The entry of the page that is shown. */
export function usePage(): PageEntry | undefined {
  const { parser } = useRouter();
  const [location] = useLocation();
  return PAGES.find(({ path }) => matchRoute(parser, `/:handle/${path}`, location)[0]);
}
