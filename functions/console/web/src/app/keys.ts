import { PRESETS } from "../core/range";
import { PAGES } from "./pages";

/** What the keyboard does, by group; the list that `?` shows. */
export const KEYS: readonly { group: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    group: "Anywhere",
    keys: [["⌘K", "Search and go"], ["c", "Create a link"], ["/", "Search on the page"], ["?", "Show this list"], ["Esc", "Close"]],
  },
  { group: "Go to", keys: PAGES.filter(({ key }) => key).map(({ key, title }) => [`g ${key}`, title] as const) },
  { group: "Days", keys: PRESETS.map(({ key, name }) => [key, name] as const) },
  {
    group: "Tables and forms",
    keys: [["j k", "Next and previous row"], ["Enter", "Open the row"], ["x", "Select the row"], ["e", "Edit what is shown"], ["← →", "Newer and older delivery"], ["⌘S", "Save"]],
  },
];
