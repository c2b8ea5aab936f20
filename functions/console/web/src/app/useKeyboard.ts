import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { remembered } from "../core/device";
import { PRESETS, rangeOf } from "../core/range";
import { useAddress, useRange } from "./context";
import { PAGES } from "./pages";

type Actions = { palette: () => void; help: () => void };

const typing = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=listbox], [role=menu], [role=dialog]") !== null;

/** The shortcuts of the whole console. Single keys do nothing while typing, and can be switched off. */
export function useKeyboard(actions: Actions): void {
  const [, navigate] = useLocation();
  const [range, setRange] = useRange();
  const address = useAddress();
  const prefix = useRef(0);
  useEffect(() => {
    const single = (event: KeyboardEvent): boolean => {
      const { key } = event;
      const gone = Date.now() - prefix.current < 1500;
      prefix.current = 0;
      if (gone) {
        const page = PAGES.find((entry) => entry.key === key);
        if (page) navigate(address(page.path));
        return page !== undefined;
      }
      if (key === "g") prefix.current = Date.now();
      else if (key === "c") navigate(address("attribution/links/new"));
      else if (key === "/") document.querySelector<HTMLElement>("[data-search]")?.focus();
      else if (key === "?") actions.help();
      else if (key === "e") document.querySelector<HTMLElement>("[data-edit]")?.click();
      else {
        const preset = PRESETS.find((entry) => entry.key === key);
        if (preset) setRange({ ...rangeOf(new URLSearchParams({ range: preset.id }), Date.now()), compare: range.compare });
        return preset !== undefined;
      }
      return true;
    };
    const press = (event: KeyboardEvent) => {
      const command = event.metaKey || event.ctrlKey;
      if (command && event.key === "k") actions.palette();
      else if (command && event.key === "s") document.querySelector<HTMLFormElement>("form[data-form]")?.requestSubmit();
      else if (command || event.altKey || typing(event.target) || remembered("keys") === "off" || !single(event)) return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}
