import { createContext, useCallback, useContext, useMemo, type ReactNode } from "react";
import { useSearchParams } from "wouter";
import { useNow } from "./clock";
import { changed, kept, toggled } from "../core/query";
import { rangeOf, rangeQuery, type Range } from "../core/range";
import type { Role } from "../core/roles";

type Place = { handle: string; role: Role | undefined; timeZone: string };

const Context = createContext<Place>({ handle: "", role: undefined, timeZone: "UTC" });

export function InPlace({ handle, role, timeZone, children }: Place & { children: ReactNode }) {
  const place = useMemo(() => ({ handle, role, timeZone }), [handle, role, timeZone]);
  return <Context value={place}>{children}</Context>;
}

/** The handle of the page. */
export const useHandle = (): string => useContext(Context).handle;
/** The caller's role in it. */
export const useRole = (): Role | undefined => useContext(Context).role;
/** The zone in which instants are shown: the account's. */
export const useZone = (): string => useContext(Context).timeZone;

/** Makes addresses of pages of this handle; the range goes along. */
export function useAddress(): (page: string) => string {
  const handle = useHandle();
  const [query] = useSearchParams();
  const keep = kept(query);
  return useCallback((page) => {
    const [path, own] = page.split("?");
    if (!own) return `/${handle}/${path}${keep}`;
    const parts = Object.fromEntries(new URLSearchParams(own));
    return `/${handle}/${path}?${changed(new URLSearchParams(keep), parts)}`;
  }, [handle, keep]);
}

/** The range in the address, and a way to change it. */
export function useRange(): [Range, (range: Range) => void] {
  const [query, setQuery] = useSearchParams();
  const range = rangeOf(query, useNow());
  return [range, (next) => setQuery((now) => changed(now, rangeQuery(next)))];
}

/** Parts of the address's query: what a view shows is in its address. */
export function useQueryParts(): [URLSearchParams, (parts: Readonly<Record<string, string | null>>) => void] {
  const [query, setQuery] = useSearchParams();
  const setParts = useCallback((parts: Readonly<Record<string, string | null>>) => setQuery((now) => changed(now, parts), { replace: true }), [setQuery]);
  return [query, setParts];
}

/** Filters by a value that is pressed: sets the part of the address's query, or removes it if it has this value already. */
export function useToggle(): (part: string, value: string) => void {
  const [, setQuery] = useSearchParams();
  return useCallback((part, value) => setQuery((now) => toggled(now, part, value), { replace: true }), [setQuery]);
}
