import { remember, remembered } from "../core/device";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = (): Theme => THEMES.find((name) => name === remembered("theme")) ?? "auto";

/** Sets the colour scheme of the page; `auto` is that of the system. */
export function applyTheme(next: Theme = theme()): void {
  remember("theme", next === "auto" ? null : next);
  if (next === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}
