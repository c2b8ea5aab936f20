import { useEffect, useRef, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress } from "../../../app/context";
import { useList } from "../../../api/list";
import { filterOf, filterText, listQuery } from "../../../core/deliveryFilter";

export type Step = "newer" | "older";
export type Neighbours = { go: (step: Step) => void; can: (step: Step) => boolean };

const KEYS: Readonly<Record<string, Step>> = { ArrowLeft: "newer", ArrowRight: "older" };
const TAKEN = "input, textarea, select, pre, [contenteditable], [role=dialog], [role=menu], [role=listbox], [role=slider]";

/** The deliveries before and after this one in the list that the address names, by ← and → too. The list is read when it is needed, unless it was. */
export function useNeighbours(deliveryId: string): Neighbours {
  const now = useNow();
  const address = useAddress();
  const [, navigate] = useLocation();
  const [query] = useSearchParams();
  const [wanted, setWanted] = useState(false);
  const waiting = useRef<Step>(undefined);
  const filter = filterOf(query);
  const list = useList("/v2/handles/{handle}/deliveries", { query: listQuery(filter, now), when: wanted });
  const at = list.data?.findIndex((delivery) => delivery.deliveryId === deliveryId) ?? -1;
  const next = (step: Step): string | undefined => (at < 0 ? undefined : list.data?.[at + (step === "newer" ? -1 : 1)]?.deliveryId);
  const to = (id: string) => navigate(address(`lifecycle/deliveries/${id}${filterText(filter)}`));
  const go = (step: Step) => {
    const id = next(step);
    if (id) to(id);
    if (list.data) return;
    waiting.current = step;
    setWanted(true);
  };
  // Once the list has arrived, the step that waited for it is made.
  useEffect(() => {
    const id = waiting.current && next(waiting.current);
    if (list.data) waiting.current = undefined;
    if (id) to(id);
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const step = KEYS[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest(TAKEN)) return;
      event.preventDefault();
      go(step);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
  return { go, can: (step) => !list.data || next(step) !== undefined };
}
